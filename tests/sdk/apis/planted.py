"""Values that must not cross and must come back, and where the gateway is."""

import os

NAME = "Camille Aubertin"
EMAIL = "camille.aubertin@example.com"
PHONE = "01 99 00 12 34"
IBAN = "FR76 3000 6000 0112 3456 7890 189"
VALUES = (NAME, EMAIL, PHONE, IBAN)
PROMPT = f"Write to Mme {NAME} ({EMAIL}, tel. {PHONE}); refund to IBAN {IBAN}."

URL = os.environ["OCTROI_URL"]
KEY = os.environ["OCTROI_KEY"]
CA = os.environ["SSL_CERT_FILE"]


def back(text: str, *values: str) -> None:
    """Every value stands in the answer as it was written, and no pseudonym does."""
    for number, value in enumerate(values or VALUES):
        assert value in text, f"value {number} did not come back"
    assert "PERSON_" not in text and "EMAIL_" not in text, "a pseudonym was left"
