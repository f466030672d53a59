/** What a finding tells, without credentials: they are told as such, by their place and a hash, and by nothing else. */

import { secretRules } from '#audit/rule/secret-rule.ts'
import type { Json, JsonObject } from '#base/json-type.ts'
import { isObject } from '#base/json-type.ts'

const hidden = '…'

/** Names whose texts are credentials; `stop_token` and its like are words of a vocabulary. */
const secretName =
  /(?:api_?key|access_?key|private_?key|secret|password|passwd|authorization|credentials?|bearer)_?\w{0,3}$|(?:^|_)(?:pass|pwd|auth|key)$|(?:^|_)(?<!(?:eos|bos|pad|unk|stop|start|end|sep|mask)_)token$/i

const isSecretName = (name: string): boolean =>
  secretName.test(name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').replaceAll('-', '_'))

/** Forms that tell a credential by themselves. */
const forms = secretRules.flatMap(({ form, near }) => (near === undefined ? [form] : []))

const cleanText = (text: string): string =>
  forms.reduce((clean, form) => clean.replace(form, (match, value: string) => match.replace(value, hidden)), text)

/** An address without who asks and with what key. What stands for a value, `{NAME}`, stays. */
export const addressWithoutSecrets = (address: string): string =>
  cleanText(address)
    .replace(/^(\w+:\/\/)[^/?#@{]*@/, `$1${hidden}@`)
    .replace(/([?&](?:\w*[_-])?(?:key|token|sig|signature|secret|password|code)=)[^&#{}]+/gi, `$1${hidden}`)

const cleaned = (name: string, value: Json): Json => {
  if (typeof value === 'string') {
    if (value.startsWith('env:')) return value
    return isSecretName(name) ? null : addressWithoutSecrets(value)
  }
  if (Array.isArray(value)) return value.map((one: Json) => cleaned(name, one))
  return isObject(value) ? parametersWithoutSecrets(value) : value
}

/** Parameters without credentials: `null` in their place, as for everything that the report does not tell. */
export const parametersWithoutSecrets = (parameters: JsonObject): Record<string, Json> =>
  Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, cleaned(name, value ?? null)]))
