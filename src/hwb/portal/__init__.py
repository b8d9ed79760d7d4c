"""School and area pages: one module a family of screens, each with its views and its `urlpatterns`."""
