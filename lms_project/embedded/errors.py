class ServiceError(RuntimeError):
    """A service cannot start or stop. The message is one sentence that says what to change."""
