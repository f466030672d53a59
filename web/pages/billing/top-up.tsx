/** Buys credit: amount and method, the price before it is ordered, then how it is paid, followed until it is there. */

import { useQueryClient } from '@tanstack/react-query'
import type { FormEvent } from 'react'
import { useEffect, useState } from 'react'
import { useChange, useRead } from '#actions/queries.ts'
import { Button } from '#parts/button.tsx'
import { SecretText } from '#parts/code.tsx'
import { Dialog } from '#parts/dialog.tsx'
import { CheckField, ChoiceField, TextField, textsOf } from '#parts/field.tsx'
import { useFormat, useWords } from '#parts/language.tsx'
import { OrderBadge } from '#parts/order-state.tsx'
import { QrCode } from '#parts/qr.tsx'
import { Empty, Loaded, ProblemNote } from '#parts/states.tsx'
import { useToast } from '#parts/toast.tsx'
import type { Billing } from './account-billing.ts'
import { AskRefund } from './ask-refund.tsx'
import { texts } from './texts.ts'

type Props = { readonly billing: Billing; readonly onClose: () => void }
type Wish = { readonly usd: string; readonly method: string; readonly currency: 'CNY' | 'USD' }

const amountForm = /^\d{1,9}(\.\d{1,9})?$/
const followEveryMs = 3_000

/** What it costs, as soon as the amount can be read. */
const Quote = ({ wish }: { readonly wish: Wish }) => {
  const say = useWords(texts)
  const format = useFormat()
  const query = useRead('payments quote', wish, { enabled: amountForm.test(wish.usd), keepsOld: true })
  if (query.error !== null) return <ProblemNote error={query.error} />
  const quote = query.data
  if (quote === undefined) return null
  return (
    <dl className="facts">
      <div className="fact">
        <dt>{say('youPay')}</dt>
        <dd>
          <strong>{format.amount(quote.pay, quote.currency)}</strong>{' '}
          <span className="soft">
            {Number(quote.fee) === 0 ? '' : say('fee', { fee: format.amount(quote.fee, quote.currency) })}{' '}
            {Number(quote.bonus_usd) === 0 ? '' : say('bonus', { amount: format.amount(quote.bonus_usd, 'USD') })}
          </span>
          <br />
          <span className="soft">{say('rate', { rate: format.amount(quote.per_usd, quote.currency) })}</span>
        </dd>
      </div>
    </dl>
  )
}

const WishForm = ({ billing, follow }: { readonly billing: Billing; readonly follow: (id: string) => void }) => {
  const say = useWords(texts)
  const methods = billing.methods.filter(({ on }) => on)
  const [wish, setWish] = useState<Wish>({
    usd: billing.presets_usd[0] ?? '20.00',
    method: methods[0]?.method ?? '',
    currency: (methods[0]?.currencies[0] ?? 'USD') as Wish['currency'],
  })
  const [keepsCard, setKeepsCard] = useState(false)
  const create = useChange('payments create', ['billing show'])
  const chosen = methods.find(({ method }) => method === wish.method)
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const card = chosen?.keeps_cards === true && keepsCard ? { keep_card: true } : {}
    create.mutate({ account: billing.account.id, ...wish, ...card }, { onSuccess: ({ id }) => follow(id) })
  }
  return (
    <form className="stack" onSubmit={submit}>
      <div className="row">
        {billing.presets_usd.map((usd) => (
          <Button key={usd} small aria-pressed={usd === wish.usd} onClick={() => setWish({ ...wish, usd })}>
            ${usd}
          </Button>
        ))}
      </div>
      <div className="form">
        <TextField
          label={say('amount')}
          inputMode="decimal"
          value={wish.usd}
          required
          onChange={(event) => setWish({ ...wish, usd: event.target.value.trim() })}
        />
        <ChoiceField
          label={say('method')}
          value={wish.method}
          onChange={(event) => {
            const next = methods.find(({ method }) => method === event.target.value)
            setWish({
              ...wish,
              method: event.target.value,
              currency: (next?.currencies[0] ?? 'USD') as Wish['currency'],
            })
          }}
        >
          {methods.map(({ method, title }) => (
            <option value={method} key={method}>
              {title}
            </option>
          ))}
        </ChoiceField>
        <ChoiceField
          label={say('currency')}
          value={wish.currency}
          onChange={(event) => setWish({ ...wish, currency: event.target.value as Wish['currency'] })}
        >
          {chosen?.currencies.map((currency) => (
            <option key={currency}>{currency}</option>
          ))}
        </ChoiceField>
      </div>
      {chosen?.keeps_cards === true ? (
        <CheckField
          label={say('keepCard')}
          help={say('keepCardHelp')}
          checked={keepsCard}
          onChange={(event) => setKeepsCard(event.target.checked)}
        />
      ) : null}
      <Quote wish={wish} />
      {create.error === null ? null : <ProblemNote error={create.error} />}
      <div className="actions">
        <Button type="submit" kind="first" busy={create.isPending} disabled={!amountForm.test(wish.usd)}>
          {say('order')}
        </Button>
      </div>
    </form>
  )
}

export const TopUp = ({ billing, onClose, follow }: Props & { readonly follow: (id: string) => void }) => {
  const say = useWords(texts)
  const off = billing.methods.filter(({ on }) => !on)
  const hasMethod = billing.methods.length > off.length
  return (
    <Dialog title={say('topUpTitle')} onClose={onClose}>
      {hasMethod ? (
        <WishForm billing={billing} follow={follow} />
      ) : (
        <Empty title={say('noMethods')} command={'payments:\n  manual: { instructions: "Bank of Examples, IBAN …" }'}>
          {say('noMethodsWhy')}
        </Empty>
      )}
      {off.map(({ method, title, why }) => (
        <p className="soft" key={method}>
          {say('off', { title, why: why ?? '' })}
        </p>
      ))}
    </Dialog>
  )
}

type Action =
  | { readonly kind: 'qr'; readonly content: string }
  | { readonly kind: 'transfer'; readonly instructions: string; readonly reference: string }
  | { readonly kind: string; readonly url?: string }

const HowToPay = ({ action }: { readonly action: Action }) => {
  const say = useWords(texts)
  if ('content' in action)
    return (
      <div className="stack">
        <QrCode content={action.content} label={say('scan')} />
        <p>{say('scan')}</p>
      </div>
    )
  if ('reference' in action)
    return (
      <div className="stack">
        <p>{say('transfer')}</p>
        <p className="break">{action.instructions}</p>
        <h3>{say('reference')}</h3>
        <SecretText text={action.reference} />
      </div>
    )
  return action.url === undefined ? null : (
    <a className="button first" href={action.url} rel="noreferrer">
      {say('pay')}
    </a>
  )
}

/** An order, asked after every three seconds as long as it is open. */
export const FollowOrder = ({ id, onClose }: { readonly id: string; readonly onClose: () => void }) => {
  const say = useWords(texts)
  const format = useFormat()
  const query = useRead('payments show', { order: id }, { everyMs: followEveryMs })
  const client = useQueryClient()
  const state = query.data?.state
  // What is behind is of the time before.
  useEffect(() => {
    if (state === 'credited') void client.invalidateQueries({ queryKey: ['billing show'] })
  }, [client, state])
  return (
    <Dialog title={say('topUpTitle')} onClose={onClose}>
      <Loaded query={query}>
        {(order) => (
          <div className="stack">
            <div className="row spread">
              <strong className="tabular">{format.amount(order.pay, order.currency)}</strong>
              <OrderBadge state={order.state} />
            </div>
            {order.action == null ? null : <HowToPay action={order.action as Action} />}
            <p role="status">
              {order.state === 'credited'
                ? say('credited')
                : order.state === 'pending'
                  ? say('waiting')
                  : (order.note ?? '')}
            </p>
            <AskRefund order={order} />
          </div>
        )}
      </Loaded>
    </Dialog>
  )
}

export const Redeem = ({ billing, onClose }: Props) => {
  const say = useWords(texts)
  const format = useFormat()
  const toast = useToast()
  const redeem = useChange('codes redeem', ['billing show'])
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const code = textsOf(event.currentTarget)['code'] ?? ''
    redeem.mutate(
      { code, account: billing.account.id },
      {
        onSuccess: ({ usd }) => {
          toast(say('redeemed', { amount: format.amount(usd, 'USD') }))
          onClose()
        },
      },
    )
  }
  return (
    <Dialog title={say('redeem')} onClose={onClose}>
      <form className="stack" onSubmit={submit}>
        <TextField label={say('code')} name="code" required autoComplete="off" spellCheck={false} />
        {redeem.error === null ? null : <ProblemNote error={redeem.error} />}
        <div className="actions">
          <Button type="submit" kind="first" busy={redeem.isPending}>
            {say('redeemDo')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
