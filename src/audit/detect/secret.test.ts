import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { detectSecrets, sha256 } from './secret.ts'

/** Letters and digits that look like chance and are none: no credential is written into this file. */
const body = (length: number, alphabet = 'aZ3kQ9mB7xW1tR5vN2cJ8pL4hG6sD0fYuEoI'): string => {
  let text = ''
  let state = 17
  while (text.length < length) {
    state = (state * 48_271) % 2_147_483_647
    text += alphabet.charAt(state % alphabet.length)
  }
  return text
}

const hexadecimal = '0123456789abcdef'

const made: readonly (readonly [rule: string, text: (secret: string) => string, secret: string])[] = [
  ['anthropic-api-key', (secret) => `key = "${secret}"`, `sk-ant-api03-${body(90)}`],
  ['openai-project-key', (secret) => `const key = '${secret}'`, `sk-proj-${body(80)}`],
  ['openai-api-key', (secret) => `OPENAI_API_KEY=${secret}`, `sk-${body(20)}T3BlbkFJ${body(20)}`],
  ['moonshot-api-key', (secret) => `MOONSHOT_API_KEY=${secret}`, `sk-${body(48)}`],
  ['deepseek-api-key', (secret) => `deepseek: "${secret}"`, `sk-${body(32, hexadecimal)}`],
  ['openrouter-api-key', (secret) => `{"key": "${secret}"}`, `sk-or-v1-${body(64, hexadecimal)}`],
  ['groq-api-key', (secret) => `GROQ_API_KEY: ${secret}`, `gsk_${body(52)}`],
  ['xai-api-key', (secret) => `key: ${secret}`, `xai-${body(80)}`],
  ['google-api-key', (secret) => `?key=${secret}`, `AIza${body(35)}`],
  ['aws-access-key-id', (secret) => `aws_access_key_id = ${secret}`, `AKIA${body(16, 'ABCDEFGHJKLMNPQR234567')}`],
  ['mistral-api-key', (secret) => `MISTRAL_API_KEY="${secret}"`, body(32)],
  ['cohere-api-key', (secret) => `COHERE_API_KEY="${secret}"`, body(40)],
  ['azure-openai-key', (secret) => `AZURE_OPENAI_API_KEY=${secret}`, body(32, hexadecimal)],
  ['huggingface-token', (secret) => `token="${secret}"`, `hf_${body(34)}`],
]

const find = (text: string) => detectSecrets({ path: 'a.env', text, bucket: 'caller' })

describe('credentials', () => {
  for (const [rule, text, secret] of made) {
    test(rule, () => {
      const found = find(`first line\n${text(secret)}\n`)
      assert.deepEqual(
        found.map((one) => [one.rule, one.line, one.preview, one.sha256]),
        [[rule, 2, secret.slice(0, 4), sha256(secret).slice(0, 16)]],
      )
      assert.ok(!JSON.stringify(found).includes(secret.slice(0, 5)), 'more than 4 characters are told')
    })
  }

  test('placeholders, references and other hashes are none', () => {
    const texts = [
      'OPENAI_API_KEY=sk-your-key-here-your-key-here-your-key',
      `OPENAI_API_KEY=sk-${'x'.repeat(48)}`,
      'key = "sk-1234567890abcdef1234567890abcdef1234567890abcdef"',
      `OPENAI_API_KEY=$${'{OPENAI_API_KEY}'}`,
      `commit ${body(40, hexadecimal)}`,
      `integrity sha512-${body(86)}`,
      `etag = "${body(32, hexadecimal)}"`,
      'sk-learn-is-a-name-of-a-package-and-not-a-key',
    ]
    for (const text of texts) assert.deepEqual(find(text), [], text)
  })
})
