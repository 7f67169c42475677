"""Addresses of accounts. Names and paths of Django's own auth pages are Django's."""

from django.urls import path

from accounts.views import auth, email, leaving, passwords, people, preferences, relations, sessions, settings

urlpatterns = [
    path("accounts/register/", auth.register, name="register"),
    path("accounts/login/", auth.sign_in, name="login"),
    path("accounts/logout/", auth.sign_out, name="logout"),
    path("accounts/password_change/", passwords.change, name="password_change"),
    path("accounts/password_change/done/", passwords.changed, name="password_change_done"),
    path("accounts/password_reset/", passwords.reset, name="password_reset"),
    path("accounts/password_reset/done/", passwords.reset_sent, name="password_reset_done"),
    path("accounts/reset/<uidb64>/<token>/", passwords.ResetConfirmView.as_view(), name="password_reset_confirm"),
    path("accounts/reset/done/", passwords.reset_complete, name="password_reset_complete"),
    path("accounts/settings/", settings.profile, name="settings"),
    path("accounts/settings/language/", settings.language, name="settings_language"),
    path("accounts/settings/messages/", settings.writers, name="settings_messages"),
    path("accounts/settings/email/", email.change, name="settings_email"),
    path("accounts/settings/email/<str:token>/", email.confirm, name="settings_email_confirm"),
    path("accounts/settings/sessions/", sessions.all_of_mine, name="settings_sessions"),
    path("accounts/settings/sessions/end/", sessions.end, name="settings_session_end"),
    path("accounts/settings/sessions/end-others/", sessions.end_others, name="settings_sessions_end_others"),
    path("accounts/settings/blocked/", relations.blocked, name="settings_blocked"),
    path("accounts/settings/muted/", relations.muted, name="settings_muted"),
    path("accounts/settings/delete/", leaving.leave, name="settings_delete"),
    path("accounts/language/", preferences.set_language, name="set_language"),
    path("accounts/theme/", preferences.set_theme, name="set_theme"),
    path("@<str:username>/follow/", relations.follow, name="follow"),
    path("@<str:username>/unfollow/", relations.unfollow, name="unfollow"),
    path("@<str:username>/block/", relations.block, name="block"),
    path("@<str:username>/unblock/", relations.unblock, name="unblock"),
    path("@<str:username>/mute/", relations.mute, name="mute"),
    path("@<str:username>/unmute/", relations.unmute, name="unmute"),
    path("@<str:username>/card/", people.card, name="card"),
    path("@<str:username>/followers/", people.followers, name="followers"),
    path("@<str:username>/following/", people.following, name="following"),
    path("@<str:username>/avatar.svg", people.avatar, name="avatar"),
]
