/** What guardrails can find in a text: forms of data about people and of secrets, with their checksums where they have any. */

export const findKinds = ['mail', 'phone', 'card', 'iban', 'us_ssn', 'cn_id', 'secret'] as const
export type FindKind = (typeof findKinds)[number]

/** A place in a text, end exclusive. */
export type Place = { readonly start: number; readonly end: number }

/** https://en.wikipedia.org/wiki/Luhn_algorithm (read 2026-11-28). */
const passesLuhn = (digits: readonly number[]): boolean => {
  let sum = 0
  for (let back = 0; back < digits.length; back += 1) {
    const value = (digits[digits.length - 1 - back] as number) * (back % 2 === 1 ? 2 : 1)
    sum += value > 9 ? value - 9 : value
  }
  return sum % 10 === 0
}

const isWordCode = (code: number): boolean =>
  (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a) || code === 0x5f || (code >= 0x61 && code <= 0x7a)

/**
 * A date or a check number may follow: the longest beginning that is a card's number is it. Every number among blanks is asked for, so that
 * it is gone through once.
 */
const cardEnd = (text: string): number | null => {
  const digits: number[] = []
  let found: number | null = null
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code < 0x30 || code > 0x39) continue
    digits.push(code - 0x30)
    if (digits.length > 19) break
    const next = at + 1 < text.length ? text.charCodeAt(at + 1) : 0x20
    if (digits.length >= 13 && next !== 0x2d && !isWordCode(next) && passesLuhn(digits)) found = at + 1
  }
  return found
}

/** Lengths by country, from the registry of ISO 13616. */
const ibanLengths: Readonly<Record<string, number>> = Object.fromEntries(
  (
    'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 ' +
    'GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 MC27 MD24 ME22 MK19 ' +
    'MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 TL23 TN24 TR26 UA29 VA22 VG24 XK20'
  )
    .split(' ')
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
)

const passesMod97 = (iban: string): boolean => {
  let rest = 0
  for (let at = 0; at < iban.length; at += 1) {
    const code = iban.charCodeAt((at + 4) % iban.length)
    rest = code <= 0x39 ? (rest * 10 + code - 0x30) % 97 : (rest * 100 + code - 0x37) % 97
  }
  return rest === 1
}

/** Where the account number ends: what follows it may look as if it belonged to it. */
const ibanEnd = (text: string): number | null => {
  const length = ibanLengths[text.slice(0, 2)]
  if (length === undefined) return null
  let compact = ''
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] !== ' ') compact += text[at]
    if (compact.length < length) continue
    const isWhole = at + 1 === text.length || !isWordCode(text.charCodeAt(at + 1))
    return isWhole && passesMod97(compact) ? at + 1 : null
  }
  return null
}

/** GB 11643: weights 2^(17-i) mod 11. */
const isChineseId = (text: string): boolean => {
  let sum = 0
  for (let index = 0; index < 17; index += 1) sum += Number(text[index]) * (2 ** (17 - index) % 11)
  return '10X98765432'[sum % 11] === text[17]?.toUpperCase()
}

/** A form that looks ahead (its group is what it found) may be found again inside of what was none. */
type Detector = {
  readonly form: RegExp
  /** How many characters of the match are it; `null` = it is none after all. Absent: all of them. */
  readonly lengthOf?: (text: string) => number | null
}

const whole =
  (holds: (text: string) => boolean) =>
  (text: string): number | null =>
    holds(text) ? text.length : null

/** Every repetition has a bound, and none stands inside another that could share its characters. */
const detectors: Readonly<Record<FindKind, readonly Detector[]>> = {
  mail: [{ form: /(?<![\w.%+-])[\w.%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}(?![A-Za-z])/g }],
  phone: [
    { form: /(?<![\w+])(?:\+|00)[1-9](?:[ .()/-]{0,2}\d){7,14}(?!\d)/g },
    { form: /(?<![\w-])(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}(?![\w-])/g },
    { form: /(?<!\w)1[3-9]\d{9}(?!\w)/g },
  ],
  card: [{ form: /(?<![\w-])(?=([2-6](?:[ -]?\d){12,18}(?![\w-])))/g, lengthOf: cardEnd }],
  iban: [{ form: /(?<!\w)(?=([A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,31}))/g, lengthOf: ibanEnd }],
  us_ssn: [{ form: /(?<![\w-])(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}(?![\w-])/g }],
  cn_id: [
    {
      form: /(?<!\w)[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx](?!\w)/g,
      lengthOf: whole(isChineseId),
    },
  ],
  secret: [
    { form: /(?<!\w)(?:sk|pk|rk)[-_](?:[A-Za-z0-9]{1,16}[-_]){0,4}[A-Za-z0-9_-]{20,200}/g },
    { form: /(?<!\w)(?:hs-live-|hs-test-|drover-admin-)[A-Za-z0-9-]{20,200}/g },
    { form: /(?<!\w)(?:AKIA|ASIA)[A-Z0-9]{16}(?!\w)/g },
    { form: /(?<!\w)AIza[\w-]{35}(?!\w)/g },
    { form: /(?<!\w)(?:gh[pousr]_[A-Za-z0-9]{36,251}|github_pat_\w{22,251}|glpat-[\w-]{20,200})/g },
    { form: /(?<!\w)xox[abeoprs]-[A-Za-z0-9-]{10,200}/g },
    { form: /(?<!\w)eyJ[\w-]{10,200}\.eyJ[\w-]{10,2000}\.[\w-]{10,2000}/g },
    {
      form: /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[A-Za-z0-9+/=\s\\]{0,8000}(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?/g,
    },
  ],
}

/** Blanks that do not break a line, dashes, and letters and digits of full width: what texts that were pasted or typed in Chinese have. */
const variants = /[\u00a0\u2000-\u200a\u2010-\u2015\u202f\u205f\u2212\u3000\ufe58\ufe63\uff01-\uff5e]/g

const plainOf = (character: string): string => {
  const code = character.charCodeAt(0)
  if (code >= 0xff01 && code <= 0xff5e) return String.fromCharCode(code - 0xfee0)
  const isDash = (code >= 0x2010 && code <= 0x2015) || code === 0x2212 || code === 0xfe58 || code === 0xfe63
  return isDash ? '-' : ' '
}

/** What a reader does not see: blanks of no width, marks of direction, soft hyphens, selectors of variants. https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point */
const unseen = /\p{Default_Ignorable_Code_Point}+/gu

/** A text without what no reader sees, and where its characters stand in the text as it is. */
export type SeenText = {
  readonly text: string
  /** The place of a character; of the end the end. */
  readonly at: (index: number) => number
  /** The place behind a character that ends something. */
  readonly behind: (end: number) => number
}

const same = (index: number): number => index

/** The text as a reader sees it. What stands between the letters of a word and takes no room hides nothing. */
export const seenText = (text: string): SeenText => {
  if (text.search(unseen) === -1) return { text, at: same, behind: same }
  const places = new Uint32Array(text.length + 1)
  let [from, count] = [0, 0]
  const keep = (until: number): void => {
    for (let at = from; at < until; at += 1) {
      places[count] = at
      count += 1
    }
  }
  const seen = text.replace(unseen, (gap: string, index: number) => {
    keep(index)
    from = index + gap.length
    return ''
  })
  keep(text.length)
  places[count] = text.length
  return { text: seen, at: (index) => places[index] ?? text.length, behind: (end) => (places[end - 1] ?? -1) + 1 }
}

/** The text as forms know it, of the same length: what is found in it lies at the same place. */
export const plainText = (text: string): string => text.replace(variants, plainOf)

/** All places of this kind, in the order of their forms. */
export const findAll = (kind: FindKind, text: string): readonly Place[] =>
  detectors[kind].flatMap(({ form, lengthOf }) => {
    const places: Place[] = []
    for (const match of text.matchAll(form)) {
      const found = match[1] ?? match[0]
      const length = lengthOf === undefined ? found.length : lengthOf(found)
      if (length !== null) places.push({ start: match.index, end: match.index + length })
    }
    return places
  })
