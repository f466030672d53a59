/** Answers that are all read before they are judged, in the form of one protocol. */

import type { Exchange } from './exchange.ts'
import type { Judgement } from './judgement.ts'
import { brokenBy, Findings, failed, unsupported } from './judgement.ts'
import { refusalText } from './wire-events.ts'

/** Gives the judge what was read of each answer; without a judgement, what was found counts. One that is refused fails, or is not supported where it may be declined. */
export const judgeReadBy =
  <R>(read: (exchange: Exchange) => R) =>
  (
    had: readonly Exchange[],
    judge: (readings: readonly R[], findings: Findings) => Judgement | undefined,
    mayDecline = false,
  ): Judgement => {
    for (const exchange of had) {
      const broken = brokenBy(exchange)
      if (broken !== null) return failed(`${exchange.ask.path}: ${broken}.`)
      if (exchange.status === 200) continue
      return mayDecline && exchange.status < 500
        ? unsupported(`It is refused: ${refusalText(exchange)}`)
        : failed(`It was refused with ${refusalText(exchange)}`)
    }
    const findings = new Findings()
    return judge(had.map(read), findings) ?? findings.judgement()
  }
