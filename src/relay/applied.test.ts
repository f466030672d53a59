/** What was applied beside what the file declares. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Provider } from '#provider/vendor.ts'
import { withApplied } from './applied.ts'
import type { DeclaredModel } from './model-rows.ts'

const provider = (name: string, baseUrl: string) => ({ name, baseUrl }) as Provider
const model = (id: string, aliases: readonly string[] = []) => ({ id, aliases }) as DeclaredModel

test('a name of the file means what the file says, whatever was applied under it', () => {
  const both = withApplied(
    { providers: [provider('kimi', 'https://file/v1')], models: [model('fast', ['quick'])] },
    {
      providers: [provider('kimi', 'https://applied/v1'), provider('other', 'https://other/v1')],
      models: [model('fast'), model('quick'), model('slow', ['quick', 'fast', 'tortoise'])],
    },
  )
  assert.deepEqual(
    both.providers.map(({ name, baseUrl }) => `${name} ${baseUrl}`),
    ['kimi https://file/v1', 'other https://other/v1'],
  )
  assert.deepEqual(
    both.models.map(({ id, aliases }) => [id, ...aliases]),
    [
      ['fast', 'quick'],
      ['slow', 'tortoise'],
    ],
  )
})
