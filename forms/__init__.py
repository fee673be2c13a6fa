"""A form is a form-js JSON file; this storey turns it into a marshmallow schema and into accessible HTML, nothing else."""
