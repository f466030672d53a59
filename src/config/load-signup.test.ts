import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfig } from './load.ts'

const planOf = async (plans: string, signup = '{ open: true }'): Promise<string | undefined> => {
  const text = `plans: ${plans}\nsignup: ${signup}\n`
  const loaded = await readConfig(
    { text, file: 'drover.yaml' },
    { workingFolder: '/', environment: { MOONSHOT_API_KEY: 'key' }, vendors: [] },
  )
  assert.ok(loaded.ok)
  return loaded.config.signup.plan
}

test('new customers get the only plan that has credit for them, where none is named', async () => {
  const free = 'free: { signup_credit: "5.00" }'
  assert.equal(await planOf(`{ ${free}, pro: { rpm: 60 } }`), 'free')
  assert.equal(await planOf(`{ ${free}, pro: { rpm: 60 } }`, '{ plan: pro }'), 'pro')
  assert.equal(await planOf(`{ ${free}, more: { signup_credit: "9.00" } }`), undefined)
  assert.equal(await planOf('{ pro: { rpm: 60 } }'), undefined)
})
