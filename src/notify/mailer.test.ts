import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { createServer } from 'node:net'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { Secret } from '#base/log.ts'
import { isSentInClear, smtpMailer } from './mailer.ts'

type Taken = { readonly commands: readonly string[]; readonly data: string }

/** A mail server on a real socket (RFC 5321, https://www.rfc-editor.org/rfc/rfc5321, from memory) that refuses what `refusal` answers. */
const mailServer = async (context: TestContext, refusal: (command: string) => string | null = () => null) => {
  const commands: string[] = []
  let data = ''
  const answerTo = (command: string): string => {
    const [verb] = command.split(' ', 1)
    if (verb === 'EHLO') return '250-mail.test\r\n250 AUTH PLAIN'
    if (verb === 'AUTH') return '235 in'
    if (verb === 'DATA') return '354 go on'
    return verb === 'QUIT' ? '221 bye' : '250 ok'
  }
  const serve = (socket: Socket): void => {
    let waiting = ''
    let isData = false
    const take = (line: string): void => {
      if (isData) {
        isData = line !== '.'
        if (isData) data += `${line}\n`
        else socket.write('250 taken\r\n')
        return
      }
      commands.push(line)
      const refused = refusal(line)
      isData = refused === null && line === 'DATA'
      socket.write(`${refused ?? answerTo(line)}\r\n`)
    }
    socket.write('220 mail.test\r\n')
    socket.on('error', () => socket.destroy())
    socket.setEncoding('utf8').on('data', (text: string) => {
      waiting += text
      for (let end = waiting.indexOf('\r\n'); end !== -1; end = waiting.indexOf('\r\n')) {
        const line = waiting.slice(0, end)
        waiting = waiting.slice(end + 2)
        take(line)
      }
    })
  }
  const server = createServer(serve)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  context.after(() => server.close())
  const { port } = server.address() as AddressInfo
  return {
    smtp: new Secret(`smtp://ops:hidden-word@127.0.0.1:${port}`),
    taken: (): Taken => ({ commands, data }),
  }
}

const letter = { subject: 'drover: provider_down: moonshot', text: 'Every attempt failed.\n.\nLook at it.' }

test('a mail is taken by a server: from, each address, subject, text, what is attached', async (context) => {
  const { smtp, taken } = await mailServer(context)
  const mailer = smtpMailer({ smtp, from: 'drover@example.com' })
  context.after(() => mailer.close())
  const attachments = [{ name: 'invoice.pdf', contentType: 'application/pdf', bytes: new Uint8Array([37, 80, 68, 70]) }]
  await mailer.send(['ops@example.com', 'more@example.com'], { ...letter, attachments })
  const { commands, data } = taken()
  const envelope = commands
    .filter((line) => /^(?:MAIL|RCPT)/.test(line))
    .map((line) => line.replace(/ (?:SIZE|BODY).*/, ''))
  assert.deepEqual(envelope, [
    'MAIL FROM:<drover@example.com>',
    'RCPT TO:<ops@example.com>',
    'RCPT TO:<more@example.com>',
  ])
  assert.ok(commands.includes(`AUTH PLAIN ${Buffer.from('\0ops\0hidden-word').toString('base64')}`))
  assert.match(data, /^Subject: drover: provider_down: moonshot$/m)
  assert.match(data, /^Every attempt failed\.\n\.\.\nLook at it\.$/m)
  assert.match(data, /filename=invoice\.pdf/)
  assert.match(data, /^JVBERg==$/m)
})

test('a server that does not take it is told by its code; neither its words nor the password are', async (context) => {
  for (const [verb, code] of [
    ['RCPT', '550'],
    ['AUTH', '535'],
  ] as const) {
    const refusal = (command: string): string | null =>
      command.startsWith(verb) ? `${code} no, said hidden-word` : null
    const { smtp } = await mailServer(context, refusal)
    const mailer = smtpMailer({ smtp, from: 'drover@example.com' })
    context.after(() => mailer.close())
    await assert.rejects(mailer.send(['ops@example.com'], letter), (thrown: Error) => {
      assert.match(thrown.message, new RegExp(`did not take the mail: \\w+ ${code}\\.$`))
      assert.doesNotMatch(thrown.message, /hidden-word/)
      return true
    })
  }
})

test('a password leaves the machine encrypted only', () => {
  const told = (url: string): boolean => isSentInClear(new URL(url))
  assert.ok(told('smtp://ops:hidden@mail.example.com:587'))
  assert.ok(!told('smtps://ops:hidden@mail.example.com'))
  assert.ok(!told('smtp://mail.example.com:25'))
  assert.ok(!told('smtp://ops:hidden@127.0.0.1:1025'))
  assert.ok(!told('smtp://ops:hidden@localhost:1025'))
})
