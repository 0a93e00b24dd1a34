from django.urls import include, path, re_path

from adaptive.api.views.operators import HealthView, MetricsView, NothingHereView, ReadyView

app_name = "adaptive"
urlpatterns = [
    path("", include("adaptive.pages.urls")),
    path("api/v1/", include("adaptive.api.urls")),
    re_path("^api/", NothingHereView.as_view()),
    path("healthz", HealthView.as_view(), name="healthz"),
    path("readyz", ReadyView.as_view(), name="readyz"),
    path("metrics", MetricsView.as_view(), name="metrics"),
]
