"""How forms look everywhere on the site."""

from django.forms.renderers import TemplatesSetting


class SiteFormRenderer(TemplatesSetting):
    """Fields with their label, help and errors from our own templates; Django's own for the rest."""

    form_template_name = "includes/form.html"
    field_template_name = "includes/field.html"
