"""Every object against its schema: those of Kubernetes by kubernetes-validate, custom resources by `custom_resources.yaml`."""

import logging
import warnings
from pathlib import Path

import jsonschema
import kubernetes_validate
import yaml

from .rendered import name_of

# The oldest Kubernetes that knows all that is used, and the newest whose schemas there are.
VERSIONS = ("1.30", "1.37")
CUSTOM = yaml.safe_load((Path(__file__).parent / "custom_resources.yaml").read_text())


def check(objects):
    """Fields that there are not, that are missing, or of another type."""
    for one in objects:
        custom = CUSTOM["resources"].get(f"{one['apiVersion']} {one['kind']}")
        yield from check_custom(one, custom) if custom else check_native(one)


def check_custom(one, schema):
    validator = jsonschema.Draft202012Validator({**schema, "$defs": CUSTOM["$defs"]})
    for error in validator.iter_errors(one):
        yield f"{name_of(one)}: {error.json_path}: {error.message}"


def check_native(one):
    for version in VERSIONS:
        with warnings.catch_warnings():
            # A kind without a schema only warns.
            warnings.simplefilter("error")
            logging.disable(logging.CRITICAL)
            try:
                kubernetes_validate.validate(one, version, strict=True)
            except Exception as error:  # each library below has its own
                reason = getattr(error, "message", str(error))
                path = ".".join(str(step) for step in getattr(error, "path", []))
                yield f"{name_of(one)} in Kubernetes {version}: {path}: {reason}"
            finally:
                logging.disable(logging.NOTSET)
