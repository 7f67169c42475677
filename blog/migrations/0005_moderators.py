"""The groups of those who look after the site. An administrator adds people to them in the administration."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

MODERATE = ["accounts.view_user", "accounts.suspend_user", "blog.view_post", "blog.moderate_post"]
GROUPS = {
    "Moderators": MODERATE,
    "Administrators": [*MODERATE, "accounts.change_user", "admin.view_logentry"],
}


def make_groups(apps, schema_editor):
    using = schema_editor.connection.alias
    # Django makes permissions after the last migration only.
    for label in ("accounts", "blog", "admin"):
        config = apps.get_app_config(label)
        config.models_module = True
        create_permissions(config, verbosity=0, using=using, apps=apps)
        config.models_module = None
    Group, Permission = apps.get_model("auth", "Group"), apps.get_model("auth", "Permission")
    for name, rights in GROUPS.items():
        group, _made = Group.objects.using(using).get_or_create(name=name)
        for right in rights:
            label, codename = right.split(".")
            permission = Permission.objects.using(using).get(content_type__app_label=label, codename=codename)
            group.permissions.add(permission)


def remove_groups(apps, schema_editor):
    groups = apps.get_model("auth", "Group").objects.using(schema_editor.connection.alias)
    groups.filter(name__in=GROUPS).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("blog", "0004_moderation"),
        ("accounts", "0004_moderation"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]

    operations = [migrations.RunPython(make_groups, remove_groups)]
