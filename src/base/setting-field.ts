/** One setting of drover.yaml as a field of a form: what it is, what it is now, and what it may be. */

export type SettingField = {
  /** `server.drain_timeout`, `alerts[0].above` */
  readonly path: string
  /** The first part of the path. */
  readonly block: string
  readonly kind: 'text' | 'number' | 'switch' | 'choice' | 'list'
  /** What kind of text it is: duration, size, amount, percentage, url, reference …; `null` = any. */
  readonly unit: string | null
  /** Of a choice. */
  readonly choices: readonly string[]
  readonly range: string | null
  /** What holds where the file says nothing; `null` = nothing does. */
  readonly fallback: string | null
  /** What the file says, a list with commas between; `null` = nothing. */
  readonly value: string | null
  readonly help: string
  readonly required: boolean
  /** `false` = what leads to secrets and files is changed in the file alone. */
  readonly editable: boolean
}

/** Another value; `null` = the file shall say nothing of it. */
export type SettingChange = { readonly path: string; readonly value: string | null }
