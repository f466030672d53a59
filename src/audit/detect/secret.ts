/** Finds hard-coded credentials. What leaves this module is a place, 4 characters and a hash; the credential never does. */

import { createHash } from 'node:crypto'
import type { Secret } from '#audit/finding.ts'
import { secretRules } from '#audit/rule/secret-rule.ts'

const perFileMax = 200
/** Text that is searched for a word of the vendor, on either side. */
const nearCharacters = 160

/** Bits per character, from how often each occurs. */
const entropy = (text: string): number => {
  const counts = new Map<string, number>()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length)
  return bits
}

const placeholder =
  /x{6,}|\*{3,}|\.{3,}|(.)\1{7,}|your|example|placeholder|changeme|replace|insert|dummy|fake|sample|redacted|123456789|abcdefgh|test-?key|my-?key|api-?key-?here|0123456789/i

const isReal = (value: string): boolean => {
  const body = value.replace(/^(?:sk-ant-\w+-|sk-or-v1-|sk-proj-|sk-|gsk_|xai-|hf_|r8_|AKIA|AIza)/, '')
  if (placeholder.test(body)) return false
  return entropy(body) >= (/^[a-f0-9.]+$/.test(body) ? 2.7 : body.length < 24 ? 2.8 : 3.2)
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** A quick look that saves the rules most texts. */
const hint =
  /sk-|gsk_|xai-|AIza|AKIA|ASIA|hf_|pplx-|fw_|tgp_v1|r8_|csk-|nvapi-|ABSK|private_key|api_?key|secret_?access/i

type Source = { readonly path: string; readonly text: string; readonly bucket: Secret['bucket'] }

/** The credentials of a text. */
export const detectSecrets = ({ path, text, bucket }: Source): readonly Secret[] => {
  if (!hint.test(text)) return []
  const found: Secret[] = []
  const taken: { readonly start: number; readonly end: number }[] = []
  for (const { rule, form, near } of secretRules) {
    for (const match of text.matchAll(form)) {
      const value = match[1] ?? ''
      const start = match.index + match[0].indexOf(value)
      if (found.length >= perFileMax) return found
      if (taken.some((one) => start < one.end && start + value.length > one.start)) continue
      if (near !== undefined && !near.test(text.slice(Math.max(0, start - nearCharacters), start + value.length + 40)))
        continue
      if (!isReal(value)) continue
      taken.push({ start, end: start + value.length })
      const hash = sha256(value).slice(0, 16)
      const line = text.slice(0, start).split('\n').length
      found.push({
        path,
        line,
        rule,
        preview: value.slice(0, 4),
        sha256: hash,
        bucket,
        fingerprint: sha256(`secret ${rule} ${path} ${hash}`).slice(0, 16),
      })
    }
  }
  return found.toSorted((one, other) => one.line - other.line)
}
