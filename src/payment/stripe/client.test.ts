import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkSignature, formOf } from './client.ts'

/** HMAC-SHA256 of `1614265330.{"id":"evt_1"}` under `whsec_test_secret`, made with OpenSSL. */
const signature = 'e135cdbed3dda004bf8a2fb350f2541d299393c770e0b9e6e319dc595e9072aa'
const body = Buffer.from('{"id":"evt_1"}')
const at = { secret: 'whsec_test_secret', nowMs: 1_614_265_330_000 }
const check = (header: string, changes: Partial<typeof at> = {}, bytes: Uint8Array = body): void =>
  checkSignature(header, bytes, { ...at, ...changes })

test('an event is believed with its own bytes, within five minutes, by the secret of its endpoint', () => {
  check(`t=1614265330,v1=${signature}`)
  check(`t=1614265330,v1=${'0'.repeat(64)},v1=${signature},v0=x`)
  check(`t=1614265330,v1=${signature}`, { nowMs: at.nowMs + 300_000 })
  const refused: readonly (readonly [string, Partial<typeof at>?, Uint8Array?])[] = [
    [`t=1614265330,v1=${signature}`, { nowMs: at.nowMs + 301_000 }],
    [`t=1614265330,v1=${signature}`, { nowMs: at.nowMs - 301_000 }],
    [`t=1614265331,v1=${signature}`],
    [`t=1614265330,v1=${signature}`, { secret: '' }],
    [`t=1614265330,v1=${signature}`, { secret: 'whsec_other' }],
    [`t=1614265330,v1=${signature}`, {}, Buffer.from('{"id":"evt_2"}')],
    [`t=1614265330,v0=${signature}`],
    [`v1=${signature}`],
    [''],
  ]
  for (const one of refused) assert.throws(() => check(...one), { code: 'invalid_request_error' }, one[0])
})

test('forms have brackets, and nothing for what is absent', () => {
  const form = formOf({ a: 'x y', list: [{ b: 1, c: null }, 'z'], deep: { d: { e: true } }, none: null })
  assert.equal(decodeURIComponent(form), 'a=x+y&list[0][b]=1&list[1]=z&deep[d][e]=true')
})
