// Invented personal values: numbers that are reserved for fiction or belong to nobody, checksums that hold.

export const EMAIL = 'helene.beranger@exemple-fontaine.fr';
export const PHONE = '+33 6 39 98 12 34';
export const IBAN = 'FR76 3000 6000 0112 3456 7890 189';
export const PERSON = 'Hélène Béranger';

// What must never reach a server abroad, in any spelling that a body can have it in.
export const PLANTED = [
  EMAIL,
  PHONE,
  PHONE.replaceAll(' ', ''),
  IBAN,
  IBAN.replaceAll(' ', ''),
  PERSON,
  PERSON.split(' ')[1],
];

export const PROMPT =
  `Please write to Mme ${PERSON} (${EMAIL}), call ${PHONE} if she does not answer,\n` +
  `and refund "order 12" to ${IBAN}. Thank you — à bientôt! 🙂`;

// A prompt with health terms beside a person: at home it is served, abroad it is refused.
export const HEALTH = `Mme ${PERSON}, born with type 1 diabetes, is prescribed insulin after her diagnosis of diabète.`;
