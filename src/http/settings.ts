/** What can be configured about listening: the block `server`. */

import { isIP } from 'node:net'
import { z } from 'zod'
import { count, duration, line, nameForm, reference, size, url } from '#base/settings.ts'

const network = line(64).refine((text) => {
  const [address = '', bits, rest] = text.split('/')
  const family = isIP(address)
  if (family === 0 || rest !== undefined) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 6 ? 128 : 32))
}, 'must be an IP address or a network such as 10.0.0.0/8')

const host = line(253).regex(
  /^[A-Za-z0-9.:_-]+$/,
  'must be an address or a host name, without a scheme and without a port',
)

const origin = z.union([
  z.literal('*'),
  url().refine(
    (text) => URL.canParse(text) && new URL(text).origin === text,
    'must be an origin such as https://app.example.com, without a path',
  ),
])

/** The block `server`. */
export const serverSettings = z
  .strictObject({
    host: host
      .default('127.0.0.1')
      .describe('The address that the relay listens on. `0.0.0.0` or `::` = every address of the machine.'),
    port: count(0, 65_535).default(4000).describe('The port. 0 = any free one, told in the `listening` line.'),
    workers: z
      .union([count(1, 1024), z.literal('auto')])
      .default(1)
      .describe(
        'Processes that serve on this port. `auto` = as many as the machine has cores. `--workers` says it too.',
      ),
    public_url: url()
      .optional()
      .describe('The address under which callers reach the relay, as it appears in messages, mails and pages.'),
    environment: line(64)
      .regex(nameForm, "must be letters, digits, '.', '_' and '-'")
      .default('production')
      .describe('What this server is. A key made for another environment (`--env`) is refused here.'),
    body_limit: size({ min: '1kb', max: '1gb' })
      .prefault('32mb')
      .describe('The largest request body that is not a form. Larger ones are refused with 413.'),
    upload_limit: size({ min: '1kb', max: '64gb' })
      .prefault('512mb')
      .describe('The largest multipart form (files, audio, images). It is spooled to disk, not kept in memory.'),
    drain_delay: duration({ min: '0s', max: '10m' })
      .prefault('0s')
      .describe(
        'How long calls are still taken after SIGTERM while `/health/readiness` says 503: the time in which a balancer notices. Answers close their connections meanwhile.',
      ),
    drain_timeout: duration({ max: '1h' })
      .prefault('30s')
      .describe('How long open streams may take to finish after SIGTERM.'),
    overload: z
      .strictObject({
        loop_delay: duration({ min: '10ms', max: '1m' })
          .prefault('250ms')
          .describe(
            'From this lasting delay of the event loop, or of the line of calls that wait for it, on, new calls begin to be refused with 503; all of them at four times of it.',
          ),
        open_calls: count(1, 1_000_000)
          .default(10_000)
          .describe('Calls under way at which every new one is refused; from 90 % of it on some are.'),
      })
      .prefault({})
      .describe(
        'When new calls are refused so that those under way stay fast. A full heap does it as well (85 to 95 %).',
      ),
    trusted_proxies: z
      .array(network)
      .max(1000)
      .default([])
      .describe('Addresses and networks of proxies whose `x-forwarded-for` is believed.'),
    cors: z
      .strictObject({
        origins: z
          .array(origin)
          .max(1000)
          .default([])
          .describe('Origins whose pages may call the relay from a browser; `*` = any.'),
      })
      .prefault({})
      .describe('Calls from browsers.'),
    tls: z
      .strictObject({
        cert: reference().describe('The certificate chain in PEM.'),
        key: reference().describe('Its private key in PEM.'),
      })
      .optional()
      .describe('Serve HTTPS. Absent: HTTP, as behind a proxy that terminates TLS.'),
    admin: z
      .strictObject({
        host: host.default('127.0.0.1').describe('The address of the admin listener.'),
        port: count(0, 65_535).describe('Its port.'),
      })
      .optional()
      .describe('Serve `/api/v1`, the console and `/metrics` on a listener of their own, and on it only.'),
  })
  .describe('Listening and limits of requests.')

/** The block `console`. */
export const consoleSettings = z
  .strictObject({
    build: z
      .enum(['auto', 'on', 'off'])
      .default('auto')
      .describe(
        'Whether a server that runs from a checkout makes the console, in the background, where there is none or its sources have changed. `auto` = yes, but not under NODE_ENV=test. The published package has it made already.',
      ),
  })
  .describe('The console in the browser.')
export type ConsoleSettings = z.output<typeof consoleSettings>
