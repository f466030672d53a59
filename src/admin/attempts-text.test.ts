import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sampleAttempt, sampleRecord } from '#base/sample-record.ts'
import { attemptsText } from './attempts-text.ts'
import { viewOfCall } from './call-view.ts'

const view = viewOfCall(
  sampleRecord({
    durationMs: 1_000,
    queuedMs: 100,
    attempts: [
      sampleAttempt({
        provider: 'alpha',
        model: 'a-1',
        status: null,
        startMs: 100,
        firstPartMs: null,
        endMs: 400,
        reason: 'fallback',
        left: 'upstream_timeout: first_token',
        breaker: 'closed',
        credential: 'env:K1',
        costNanoUsd: 17_000n,
      }),
      sampleAttempt({
        provider: 'beta',
        model: 'b-1',
        status: 503,
        startMs: 400,
        firstPartMs: null,
        endMs: 410,
        reason: 'other-target',
        left: 'upstream_overloaded: 503',
        breaker: 'half-open',
      }),
      sampleAttempt({
        provider: 'gamma',
        model: 'c-1',
        status: 200,
        startMs: 410,
        firstPartMs: 600,
        endMs: 1_000,
        reason: 'other-target',
        breaker: 'closed',
        upstreamRequestId: 'req_9',
        costNanoUsd: 34_000n,
      }),
    ],
  }),
)

test('a call that waited and failed over twice, as a waterfall', () => {
  assert.equal(
    attemptsText(view),
    `-  |░░░░                                    |  queue      0 to 100 ms     waited for a limit
1  |    ···········✗                        |  alpha/a-1  100 to 400 ms   left: upstream_timeout: first_token
2  |                ✗                       |  beta/b-1   400 to 410 ms   left: upstream_overloaded: 503
3  |                ········████████████████|  gamma/c-1  410 to 1000 ms  answered, first part after 600 ms

#  WHY                    STATUS  BREAKER    KEY     COST          UPSTREAM ID  ADJUSTED
1  first as written       -       closed     env:K1  0.000017 USD  -
2  the one before failed  503     half-open  -       unknown       -
3  the one before failed  200     closed     -       0.000034 USD  req_9
`,
  )
})

test('nobody was asked', () => {
  assert.equal(attemptsText(viewOfCall(sampleRecord({ attempts: [] }))), '')
})
