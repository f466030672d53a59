import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultsText } from './fault.ts'
import { readConfig } from './load.ts'

const reading = (target: string) =>
  readConfig(
    { text: `providers: { a: { vendor: x } }\nmodels: { m: { targets: [ ${target} ] } }\n`, file: 'drover.yaml' },
    { workingFolder: '/', environment: {}, vendors: [] },
  )

test('a target may be for some calls: keys, projects, accounts, plans, tags, length', async () => {
  const loaded = await reading(
    '{ provider: a, model: m, for: { plans: [free], tags: ["stage=dev"], prompt_max: 4kb } }, { provider: a, model: n }',
  )
  // The provider's vendor is a fault; what stands in the model is not.
  assert.ok(!loaded.ok)
  assert.doesNotMatch(faultsText(loaded.faults), /models/)
  const wrong = await reading('{ provider: a, model: m, for: { tags: [stage], prompt_max: 4, plan: [free] } }')
  assert.ok(!wrong.ok)
  const faults = faultsText(wrong.faults)
  assert.match(faults, /targets\[0\]\.for\.tags\[0\]: must be name=value/)
  assert.match(faults, /targets\[0\]\.for\.prompt_max: needs a unit/)
  assert.match(faults, /targets\[0\]\.for\.plan: unknown key; did you mean 'plans'\?/)
})
