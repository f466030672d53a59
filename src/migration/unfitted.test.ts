import assert from 'node:assert/strict'
import { test } from 'node:test'
import { unfittedOf } from './unfitted.ts'

test('a pattern fits an id or a name of any page, and pages end where all of them do', async () => {
  let pages = 0
  function* read(): Generator<readonly (readonly string[])[]> {
    for (const page of [[['key_1', 'prod-web']], [['key_2', 'ci']], [['key_3', 'last']]]) {
      pages += 1
      yield page
    }
  }
  assert.deepEqual(await unfittedOf(['prod-*', 'key_2'], read()), [])
  assert.equal(pages, 2)
  assert.deepEqual(await unfittedOf(['prod', 'PROD-*', 'la*', 'key_9'], read()), ['prod', 'PROD-*', 'key_9'])
  assert.deepEqual(await unfittedOf([], read()), [])
  assert.equal(pages, 5)
})
