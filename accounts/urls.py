from django.contrib.auth import views as auth
from django.urls import path

login = auth.LoginView.as_view(redirect_authenticated_user=True)
urlpatterns = [
    path("accounts/login/", login, name="login"),
    path("accounts/logout/", auth.LogoutView.as_view(), name="logout"),
    path("accounts/register/", login, name="register"),
    path("accounts/settings/", login, name="settings"),
    path("accounts/password_reset/", login, name="password_reset"),
    path("accounts/language/", login, name="set_language"),
    path("accounts/theme/", login, name="set_theme"),
    path("@<str:username>/follow/", login, name="follow"),
    path("@<str:username>/unfollow/", login, name="unfollow"),
    path("@<str:username>/followers/", login, name="followers"),
    path("@<str:username>/following/", login, name="following"),
    path("@<str:username>/avatar.svg", login, name="avatar"),
]
