import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../../test/e2e/free-port.ts'
import { listening, printed, startProgram } from '../load/program.ts'
import type { Gateway } from './gateway.ts'
import { chatPath, sameModel, startTimeoutMs } from './gateway.ts'

const configOf = (port: number, upstreamPort: number): string => `
global
  nbthread 1
  maxconn 9000
defaults
  mode http
  timeout connect 10s
  timeout client 1h
  timeout server 1h
  option http-no-delay
  http-reuse always
frontend callers
  bind 127.0.0.1:${port}
  default_backend provider
backend provider
  server provider 127.0.0.1:${upstreamPort} pool-max-conn 4096
`

/** The other proxy that sees every packet of half the internet. */
export const haproxy: Gateway = {
  name: 'haproxy',
  version: () => printed('haproxy', '-v'),
  absent: 'the package haproxy of Debian is not installed',
  settings: 'one thread, kept connections on both sides, no log',
  start: async ({ folder, upstreamPort }) => {
    const port = await freePort()
    const file = join(folder, 'haproxy.cfg')
    await writeFile(file, configOf(port, upstreamPort))
    const program = startProgram('haproxy', ['-db', '-f', file])
    await listening(program, port, startTimeoutMs)
    return { port, pids: [program.pid], path: chatPath, headers: {}, model: sameModel, booked: null, end: program.end }
  },
}
