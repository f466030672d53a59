/** Who documents are made out to, and the card that is charged when credit runs low. */

import type { FormEvent } from 'react'
import { useChange } from '#actions/queries.ts'
import { rights, useSession } from '#actions/session.ts'
import { Button } from '#parts/button.tsx'
import { CheckField, ChoiceField, LongField, TextField, textsOf } from '#parts/field.tsx'
import { useWords } from '#parts/language.tsx'
import { Badge } from '#parts/layout.tsx'
import { Empty, ProblemNote } from '#parts/states.tsx'
import { useToast } from '#parts/toast.tsx'
import type { Billing } from './account-billing.ts'
import { texts } from './texts.ts'

type Props = { readonly billing: Billing; readonly mayChange: boolean }

const Buyer = ({ billing, mayChange }: Props) => {
  const say = useWords(texts)
  const toast = useToast()
  const { buyer, account } = billing
  const save = useChange('invoices buyer', ['billing show'])
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    const { name = '', language, reverse_charge, ...rest } = textsOf(event.currentTarget)
    const said = {
      account: account.id,
      name,
      language: language === 'zh-CN' ? ('zh-CN' as const) : ('en' as const),
      reverse_charge: reverse_charge === 'on',
      ...rest,
    }
    save.mutate(said, { onSuccess: () => toast(say('saved')) })
  }
  return (
    <form className="stack" onSubmit={submit}>
      <h2>{say('buyer')}</h2>
      <p className="soft">{say('buyerWhy')}</p>
      <fieldset className="bare stack" disabled={!mayChange}>
        <div className="form">
          <TextField label={say('legalName')} name="name" required maxLength={200} defaultValue={buyer?.name ?? ''} />
          <TextField label={say('taxId')} name="tax_id" maxLength={64} defaultValue={buyer?.tax_id ?? ''} />
          <TextField
            label={say('purchaseOrder')}
            name="purchase_order"
            maxLength={64}
            defaultValue={buyer?.purchase_order ?? ''}
          />
          <TextField label={say('mail')} name="mail" type="email" maxLength={254} defaultValue={buyer?.mail ?? ''} />
          <ChoiceField label={say('documentLanguage')} name="language" defaultValue={buyer?.language ?? 'en'}>
            <option value="en">English</option>
            <option value="zh-CN">简体中文</option>
          </ChoiceField>
          <LongField
            label={say('address')}
            name="address"
            rows={3}
            wide
            maxLength={1000}
            defaultValue={buyer?.address ?? ''}
          />
        </div>
        <CheckField
          label={say('reverseCharge')}
          name="reverse_charge"
          defaultChecked={buyer?.reverse_charge ?? false}
        />
        {save.error === null ? null : <ProblemNote error={save.error} />}
        <div className="row end">
          <Button type="submit" kind="first" busy={save.isPending}>
            {say('save')}
          </Button>
        </div>
      </fieldset>
    </form>
  )
}

const AutoTopUp = ({ billing, mayChange }: Props) => {
  const say = useWords(texts)
  const toast = useToast()
  const auto = billing.auto_top_up
  const set = useChange('payments auto-set', ['billing show'])
  const done = { onSuccess: () => toast(say('saved')) }
  const submit = (event: FormEvent<HTMLFormElement>): void => {
    event.preventDefault()
    set.mutate({ account: billing.account.id, ...textsOf(event.currentTarget) }, done)
  }
  if (auto === null)
    return (
      <div className="stack">
        <h2>{say('auto')}</h2>
        <Empty
          title={say('autoNone')}
          command={`drover payments create --account ${billing.account.name} --usd 50 --method stripe --keep-card`}
        >
          {say('autoNoneWhy')}
        </Empty>
      </div>
    )
  return (
    <form className="stack" onSubmit={submit}>
      <div className="row">
        <h2>{say('auto')}</h2>
        <Badge tone={auto.on ? 'good' : 'info'}>{say(auto.on ? 'autoOn' : 'autoOff')}</Badge>
        <span className="soft">{say('autoCard', { card: auto.card })}</span>
      </div>
      {auto.failures === 0 ? null : (
        <p className="note bad">
          {say('failures', { count: auto.failures })} {auto.note ?? ''}
        </p>
      )}
      <fieldset className="bare stack" disabled={!mayChange}>
        <div className="form">
          <TextField label={say('below')} name="below" inputMode="decimal" required defaultValue={auto.below_usd} />
          <TextField label={say('each')} name="usd" inputMode="decimal" required defaultValue={auto.usd} />
          <TextField
            label={say('monthMax')}
            name="month_max"
            inputMode="decimal"
            required
            defaultValue={auto.month_max_usd}
          />
        </div>
        {set.error === null ? null : <ProblemNote error={set.error} />}
        <div className="row end">
          {auto.on ? (
            <Button onClick={() => set.mutate({ account: billing.account.id, off: true }, done)}>
              {say('switchOff')}
            </Button>
          ) : null}
          <Button type="submit" kind="first" busy={set.isPending}>
            {say(auto.on ? 'save' : 'switchOn')}
          </Button>
        </div>
      </fieldset>
    </form>
  )
}

export const Details = ({ billing }: { readonly billing: Billing }) => {
  const mayChange = rights(useSession()).changesMoney
  const { account, auto_top_up: auto, buyer } = billing
  return (
    <div className="stack">
      <Buyer key={`buyer ${JSON.stringify(buyer)}`} billing={billing} mayChange={mayChange} />
      <AutoTopUp key={`${account.id} ${JSON.stringify(auto)}`} billing={billing} mayChange={mayChange} />
    </div>
  )
}
