import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pipeline, Readable } from 'node:stream'
import { test } from 'node:test'
import { testShell } from './test-shell.ts'

test('keys come over plain http from this machine alone, and no more of them is read than there may be', async () => {
  const shell = testShell()
  const piece = Buffer.alloc(65_536, ' ')
  // Endless, and without a length.
  async function* endless() {
    for (;;) yield piece
  }
  const server = createServer(({ url }, reply) => {
    if (url === '/small') reply.end('{"keys":[]}')
    else pipeline(Readable.from(endless()), reply, () => {})
  })
  try {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    writeFileSync(join(shell.folder, 'receipt.json'), '{}')
    const verify = (keys: string) => shell.run(`receipt verify receipt.json --keys ${keys}`)
    for (const host of ['keys.example', '127.0.0.1.keys.example', '10.0.0.1']) {
      const { code, talk } = await verify(`http://${host}/keys.json`)
      assert.deepEqual([code, /could be changed on the way/.test(talk)], [2, true], talk)
    }
    const small = await verify(`http://127.0.0.1:${port}/small`)
    assert.deepEqual([small.code, /NOT GENUINE: .* no signed receipt/.test(small.out)], [1, true], small.talk)
    const large = await verify(`http://127.0.0.1:${port}/large`)
    assert.match(large.talk, /larger than 1048576 bytes/)
  } finally {
    server.closeAllConnections()
    server.close()
    shell.close()
  }
})
