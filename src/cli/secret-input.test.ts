import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { test } from 'node:test'
import { secretFromStdin } from './secret-input.ts'

async function* pieces(...list: readonly string[]): AsyncGenerator<Buffer> {
  for (const one of list) yield Buffer.from(one)
}

test('what is piped in is the secret, in however many pieces, without its line end', async () => {
  assert.equal(await secretFromStdin(pieces('sk-', 'one\n'), '--key-env'), 'sk-one')
})

test('nothing, too much, or a person who would type it where it is seen is wrong usage that names the other way', async () => {
  const usage = { exitCode: 2, text: { next: /--key-env/ } }
  for (const stdin of [pieces(), pieces(' \n'), pieces('x'.repeat(70_000)), { isTTY: true }, {}])
    await assert.rejects(secretFromStdin(stdin, '--key-env'), (thrown: unknown) => {
      const { exitCode, text } = thrown as { exitCode: number; text: { next: string } }
      assert.equal(exitCode, usage.exitCode)
      assert.match(text.next, usage.text.next)
      return true
    })
})
