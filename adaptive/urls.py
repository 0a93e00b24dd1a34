app_name = "adaptive"
urlpatterns: list = []
