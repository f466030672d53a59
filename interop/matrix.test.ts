/** Every client against a provider of each format, and the published table of what was found. */

import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { packagesOf, pageFile } from './matrix/page-file.ts'
import type { Played } from './matrix/play.ts'
import { playAll } from './matrix/play.ts'
import { startMatrix } from './matrix/stage.ts'
import { clients, clientsPage } from './matrix/table.ts'

/** For all cells together, which run side by side. */
const allTimeoutMs = 900_000

describe('clients against a provider of each format', { timeout: allTimeoutMs }, () => {
  let played: readonly Played[] = []
  let close = async (): Promise<void> => undefined
  before(
    async () => {
      const stage = await startMatrix()
      close = stage.close
      played = await playAll(stage)
    },
    { timeout: allTimeoutMs },
  )
  after(() => close())

  for (const { name, title } of clients)
    test(title, () => {
      const own = played.filter(({ client }) => client.name === name)
      assert.ok(own.length > 0, 'no cell of it was played')
      const failed = own.flatMap(({ to, feature, verdict }) =>
        verdict.kind === 'failed' ? [`${to}, ${feature}: ${verdict.message}`] : [],
      )
      assert.deepEqual(failed, [])
    })

  test('the published table says what was found', () => {
    const found = clientsPage({ played, ...packagesOf() })
    assert.equal(
      readFileSync(pageFile, 'utf8'),
      found,
      'docs/reference/clients.md says something else: run bin/drover-node interop/matrix/write-table.ts and look at what changed',
    )
  })
})
