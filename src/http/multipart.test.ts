import assert from 'node:assert/strict'
import { Buffer } from 'node:buffer'
import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { encodeForm } from './encode-form.ts'
import type { Exchange, Form, FormPart } from './inbound.ts'
import type { TestBench } from './test-bench.ts'
import { callRaw, codeIn, messageIn, openSocket, parseRaw, say, startBench } from './test-bench.ts'

const megabyte = 1024 * 1024

const disposition = (name: string, more = '') => `Content-Disposition: form-data; name="${name}"${more}\r\n`

const formOf = (parts: readonly (readonly [string, string | Buffer])[], end = '--B--\r\n'): Buffer =>
  Buffer.concat([
    ...parts.flatMap(([head, body]) => [
      Buffer.from(`--B\r\n${head}\r\n`),
      Buffer.from(body as string),
      Buffer.from('\r\n'),
    ]),
    Buffer.from(end),
  ])

const request = (body: Buffer, more = ''): Buffer =>
  Buffer.concat([
    Buffer.from(
      `POST /form HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: multipart/form-data; boundary=B\r\nContent-Length: ${body.length}\r\n${more}\r\n`,
    ),
    body,
  ])

const bytesOf = async (source: AsyncIterable<Buffer>): Promise<Buffer> => {
  const chunks: Buffer[] = []
  for await (const chunk of source) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex')

const shown = async (part: FormPart) =>
  part.kind === 'field' ? part : { ...part, open: digest(await bytesOf(part.open())) }

describe('forms', () => {
  let bench: TestBench
  let failure: unknown = null
  let inspect: (form: Form) => Promise<void> = async () => {}
  before(async () => {
    const read = async (exchange: Exchange): Promise<void> => {
      const { body } = await exchange.read()
      assert.ok(body.kind === 'form')
      try {
        await inspect(body.form)
      } catch (error) {
        failure = error
      }
      await say(exchange, 'read')
    }
    bench = await startBench([{ method: 'POST', path: '/form', accepts: ['form', 'json'], value: read }])
  })
  after(() => bench.close())

  const send = async (body: Buffer, check: (form: Form) => Promise<void>) => {
    inspect = check
    failure = null
    const answer = parseRaw(await callRaw(bench.port, request(body)))
    if (failure !== null) throw failure
    while (bench.server.openExchanges() > 0) await new Promise(setImmediate)
    assert.deepEqual(await bench.spooled(), [], 'nothing stays in the spool')
    return answer
  }

  test('fields and files come in order, with names, types and bytes', async () => {
    const sound = Buffer.from([0, 255, 13, 10, 45, 45, 67, 0])
    const body = formOf([
      [disposition('model'), 'whisper-1'],
      [`${disposition('file', '; filename="a/b \u97f3.wav"')}Content-Type: audio/wav\r\n`, sound],
      [disposition('timestamp_granularities[]'), 'word'],
      [disposition('timestamp_granularities[]'), 'segment'],
      [`${disposition('options')}Content-Type: application/json\r\n`, '{"é":1}'],
      [`${disposition('blob')}Content-Type: application/octet-stream\r\n`, 'raw'],
    ])
    const answer = await send(body, async (form) => {
      assert.equal(form.sizeBytes, body.length)
      assert.deepEqual(await Promise.all(form.parts.map(shown)), [
        { kind: 'field', name: 'model', value: 'whisper-1', contentType: null },
        {
          kind: 'file',
          name: 'file',
          filename: 'a/b \u97f3.wav',
          contentType: 'audio/wav',
          sizeBytes: 8,
          open: digest(sound),
        },
        { kind: 'field', name: 'timestamp_granularities[]', value: 'word', contentType: null },
        { kind: 'field', name: 'timestamp_granularities[]', value: 'segment', contentType: null },
        { kind: 'field', name: 'options', value: '{"é":1}', contentType: 'application/json' },
        {
          kind: 'file',
          name: 'blob',
          filename: null,
          contentType: 'application/octet-stream',
          sizeBytes: 3,
          open: digest(Buffer.from('raw')),
        },
      ])
    })
    assert.equal(answer.status, 200)
  })

  test('large files lie in the spool, readable by this user only, until the exchange is over', async () => {
    const large = Buffer.alloc(3 * megabyte, 'sound')
    const file = `${disposition('file', '; filename="../../etc/passwd"')}Content-Type: audio/wav\r\n`
    const body = formOf([
      [file, large],
      [file, 'small'],
    ])
    await send(body, async (form) => {
      const names = await bench.spooled()
      assert.equal(names.length, 1)
      assert.match(names[0] ?? '', /^upload-[0-9a-f]{32}$/)
      assert.equal((await stat(join(bench.spoolDir, names[0] ?? ''))).mode & 0o777, 0o600)
      const [first, second] = form.parts
      assert.ok(first?.kind === 'file' && second?.kind === 'file')
      assert.equal(first.sizeBytes, large.length)
      for (let attempt = 0; attempt < 2; attempt += 1) assert.equal(digest(await bytesOf(first.open())), digest(large))
      assert.equal((await bytesOf(second.open())).toString(), 'small')
    })
  })

  test('a form written again has another boundary, and everything else as it was', async () => {
    const large = Buffer.alloc(2 * megabyte, 'x')
    const body = formOf([
      [disposition('model'), 'kimi/whisper'],
      [`${disposition('file', '; filename="\u97f3 %22.wav"')}Content-Type: audio/wav\r\n`, large],
      [disposition('prompt'), ''],
    ])
    await send(body, async (form) => {
      const encoded = encodeForm(form.parts, 'other')
      const first = await bytesOf(encoded.open())
      assert.deepEqual(await bytesOf(encoded.open()), first, 'each attempt reads the same')
      assert.equal(first.length, encoded.lengthBytes)
      assert.equal(digest(first), digest(Buffer.from(body.toString('latin1').replaceAll('--B', '--other'), 'latin1')))
    })
  })

  test('names cannot break out of their header', async () => {
    const form: Form = {
      parts: [{ kind: 'field', name: 'a"\r\nX: y', value: 'v', contentType: 'text/plain\r\nX: y' }],
      sizeBytes: 1,
      dispose: async () => {},
    }
    const text = (await bytesOf(encodeForm(form.parts, 'B').open())).toString()
    assert.ok(!/^X: y/m.test(text))
    assert.ok(text.includes('name="a%22%0D%0AX: y"'))
  })

  const refused: Readonly<Record<string, readonly [Buffer, number, RegExp]>> = {
    'ends before its last boundary': [formOf([[disposition('a'), '1']], ''), 400, /last boundary/],
    'too many fields': [formOf(Array.from({ length: 257 }, () => [disposition('a'), '1'] as const)), 400, /256 fields/],
    'too many files': [
      formOf(Array.from({ length: 65 }, () => [disposition('a', '; filename="f"'), '1'] as const)),
      400,
      /64 files/,
    ],
    'a field over 1 MiB': [formOf([[disposition('a'), Buffer.alloc(megabyte + 1, 'x')]]), 400, /"a" is over 1048576/],
    'a field without a name': [formOf([['Content-Disposition: form-data\r\n', '1']]), 400, /no name/],
    'a file without a name': [formOf([['Content-Disposition: form-data; filename="f"\r\n', '1']]), 400, /no name/],
    'a name that is too long': [formOf([[disposition('a'.repeat(300)), '1']]), 400, /too long/],
    'a file name that is too long': [
      formOf([[disposition('a', `; filename="${'f'.repeat(2000)}"`), '1']]),
      400,
      /1024/,
    ],
    'over the limit': [
      formOf([[disposition('a', '; filename="f"'), Buffer.alloc(9 * megabyte)]]),
      413,
      /8 MiB \(8388608 bytes\), "server\.upload_limit"/,
    ],
  }
  for (const [name, [body, status, message]] of Object.entries(refused)) {
    test(`refused: ${name}`, async () => {
      const answer = await send(body, () => assert.fail('a handler saw it'))
      assert.equal(answer.status, status)
      assert.match(messageIn(answer.body), message)
    })
  }

  test('a large file followed by a fault leaves nothing behind', async () => {
    const head = disposition('a', '; filename="f"')
    const body = formOf(
      [
        [head, Buffer.alloc(3 * megabyte)],
        [disposition(''), '1'],
      ],
      '--B',
    )
    const answer = await send(body, async () => assert.fail('a handler saw it'))
    assert.equal(answer.status, 400)
  })

  test('a form without a boundary, and a compressed one, are refused', async () => {
    const head =
      'POST /form HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 2\r\nContent-Type: multipart/form-data'
    const bare = parseRaw(await callRaw(bench.port, `${head}\r\n\r\n{}`))
    assert.equal(codeIn(bare.body), 'invalid_request_error')
    const compressed = parseRaw(await callRaw(bench.port, request(formOf([]), 'Content-Encoding: gzip\r\n')))
    assert.equal(compressed.status, 415)
  })

  test('a caller who leaves while sending leaves nothing behind', async () => {
    const socket = await openSocket(bench.port)
    const whole = request(formOf([[disposition('a', '; filename="f"'), Buffer.alloc(4 * megabyte)]]))
    await new Promise((resolve) => socket.write(whole.subarray(0, 3 * megabyte), resolve))
    while ((await bench.spooled()).length === 0) await new Promise(setImmediate)
    socket.destroy()
    while (bench.server.openExchanges() > 0) await new Promise(setImmediate)
    assert.deepEqual(await bench.spooled(), [])
  })
})
