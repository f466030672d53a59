import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from '../../test/e2e/free-port.ts'
import type { Program } from '../load/program.ts'
import { listening, printed, startProgram } from '../load/program.ts'
import type { Gateway } from './gateway.ts'
import { chatPath, sameModel, startTimeoutMs } from './gateway.ts'

/** One thread that spreads callers over servers in turn, and keeps connections on both sides. */
const haproxyConfig = (port: number, serverPorts: readonly number[]): string => `
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
  default_backend servers
backend servers
  balance roundrobin
${serverPorts.map((server, at) => `  server server${at} 127.0.0.1:${server} pool-max-conn 4096`).join('\n')}
`

/** Starts it before these servers. */
export const startHaproxy = async (
  folder: string,
  serverPorts: readonly number[],
): Promise<Program & { readonly port: number }> => {
  const port = await freePort()
  const file = join(folder, 'haproxy.cfg')
  await writeFile(file, haproxyConfig(port, serverPorts))
  const program = startProgram('haproxy', ['-db', '-f', file])
  await listening(program, port, startTimeoutMs)
  return { ...program, port }
}

/** The other proxy that sees every packet of half the internet. */
export const haproxy: Gateway = {
  name: 'haproxy',
  version: () => printed('haproxy', '-v'),
  absent: 'the package haproxy of Debian is not installed',
  settings: 'one thread, kept connections on both sides, no log',
  start: async ({ folder, upstreamPort }) => {
    const { port, pid, end } = await startHaproxy(folder, [upstreamPort])
    return { port, pids: [pid], path: chatPath, headers: {}, model: sameModel, booked: null, end }
  },
}
