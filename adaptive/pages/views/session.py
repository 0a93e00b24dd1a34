"""Logging in and out."""

from django.contrib.auth.views import LoginView, LogoutView


class Login(LoginView):
    """By name and password. django-axes slows down guessing; what was typed before it is kept (see pages.drafts)."""

    template_name = "adaptive/login.html"
    redirect_authenticated_user = True


login = Login.as_view()
logout = LogoutView.as_view()
