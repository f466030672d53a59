/** Lists come from Drover: a provider's own would show what every caller keeps there. */

import { Problem } from '#base/problem.ts'
import type { BindingKind } from '#resource/port.ts'
import type { Act } from './asking.ts'
import { listWish, pageText } from './form.ts'

/** Documents of one page at most, in characters: of more it is shorter than was asked, and says that there is more. */
const pageLengthMax = 16_777_216

/** What a holder has of one kind, page by page. */
export const listOf =
  (kind: BindingKind): Act =>
  async (asking) => {
    const { ports, holder, form, nowMs, exchange } = asking
    const wish = listWish(exchange.inbound.query, form, kind)
    const { isBackward, ...page } = wish
    if (page.after !== null && (await ports.bindings.binding({ id: page.after, holder, nowMs })) === null)
      throw new Problem('invalid_request_error', {
        message: `The list has no '${page.after.slice(0, 100)}' to go on from.`,
        param: form === 'openai' ? 'after' : isBackward ? 'before_id' : 'after_id',
      })
    const found = await ports.bindings.bindings({ ...page, limit: page.limit + 1, holder, kind, form, nowMs })
    const rows = found.slice(0, page.limit)
    let lengthLeft = pageLengthMax
    const fitting = rows.filter(({ document }) => {
      lengthLeft -= document.length
      return lengthLeft >= 0
    })
    const told = isBackward ? fitting.toReversed() : fitting
    return { kind: 'document', text: pageText(form, told, found.length > fitting.length), provider: null }
  }
