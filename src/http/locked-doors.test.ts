import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handClock } from '#base/hand-clock.ts'
import { systemIds } from '#base/id.ts'
import { Problem } from '#base/problem.ts'
import type { Endpoint } from './endpoint.ts'
import type { Exchange } from './inbound.ts'
import { unlockedDoors } from './locked-doors.ts'
import { sendAnswer } from './reply.ts'

type Way = (exchange: Pick<Exchange, 'inbound' | 'outbound' | 'read'>) => Promise<void>

const at = (path: string, value: Way, upgrades = false): Endpoint<Way> => ({ method: 'POST', path, upgrades, value })

const refusal = (code: 'invalid_api_key' | 'permission_denied') => new Problem(code, { message: 'No.' })
const throws = (code: 'invalid_api_key' | 'permission_denied'): Way => {
  return async () => {
    throw refusal(code)
  }
}
const answers =
  (status: number): Way =>
  ({ outbound }) =>
    sendAnswer(outbound, { status, headers: {}, body: new Uint8Array() })

const refusesAfterReading: Way = async ({ read, outbound }) => {
  await assert.rejects(read())
  await sendAnswer(outbound, { status: 401, headers: {}, body: new Uint8Array() })
}

test('what answers anything but 401, or reads the body first, is named; what is for everybody is not asked', async () => {
  const clock = handClock(0)
  const seen: string[] = []
  const watches: Way = async ({ inbound }) => {
    seen.push(`${inbound.path} ${inbound.fromLoopback} ${Object.keys(inbound.headers).length}`)
    throw refusal('invalid_api_key')
  }
  const endpoints = [
    at('/locked/{id}/{rest+}', watches),
    at('/refuses', answers(401)),
    at('/open', answers(200)),
    at('/forbids', throws('permission_denied')),
    at('/reads', refusesAfterReading),
    at('/silent', async () => {}),
    at('/fails', async () => {
      throw new Error('a fault')
    }),
    at('/everybody', answers(200)),
    at('/socket', throws('invalid_api_key'), true),
    at('/open-socket', async () => {}, true),
  ]
  const doors = {
    endpoints,
    handle: (exchange: Exchange, { value }: { readonly value: Way }) => value(exchange),
    handleSocket: async (
      { inbound, accept }: { readonly inbound: Exchange['inbound']; readonly accept: (how: never) => Promise<unknown> },
      { value, endpoint }: { readonly value: Way; readonly endpoint: Endpoint<Way> },
    ) => {
      if (endpoint.path === '/open-socket') await accept({ protocol: null, headers: {} } as never)
      await value({ inbound } as Exchange)
    },
    isOpen: ({ path }: Endpoint<Way>) => path === '/everybody',
  }
  assert.deepEqual(await unlockedDoors(doors, { clock, ids: systemIds(clock) }), [
    'POST /open (200)',
    'POST /forbids (403)',
    'POST /reads (let in)',
    'POST /silent (no answer)',
    'POST /fails (500)',
    'POST /open-socket (let in)',
  ])
  assert.deepEqual(seen, ['/locked/x/x false 0'])
})
