import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { makeSeal } from './seal.ts'

const ids = { bytes: (size: number) => randomBytes(size) }
const secret = Buffer.alloc(32, 7)

test('what is sealed is read again only with the same secret, at the same place, and unchanged', () => {
  const seal = makeSeal(secret, ids, 'kept answers')
  const sealed = seal.close('key/call_1/0', Buffer.from('an answer'))
  assert.equal(seal.open('key/call_1/0', sealed).toString(), 'an answer')
  assert.equal(sealed.includes('answer'), false)
  assert.notDeepEqual(seal.close('key/call_1/0', Buffer.from('an answer')), sealed, 'never twice the same')
  assert.throws(() => seal.open('key/call_1/1', sealed))
  assert.throws(() => makeSeal(Buffer.alloc(32, 8), ids, 'kept answers').open('key/call_1/0', sealed))
  assert.throws(() => makeSeal(secret, ids, 'own credentials').open('key/call_1/0', sealed), 'of another purpose')
  const changed = Buffer.from(sealed)
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
  assert.throws(() => seal.open('key/call_1/0', changed))
  assert.throws(() => seal.open('key/call_1/0', sealed.subarray(0, 20)))
})
