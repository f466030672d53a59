/** What a model does with request parameters: said by the catalog, applied by the shims. */

/**
 * What a model does with one request parameter, in the names of the OpenAI protocol. Exactly one thing is said: `free` (anything
 * goes; ends a list of conditional rules), `fixed` (only this value is accepted), `min`/`max` (the range that is accepted),
 * `choices` (with `instead` for any other value), `unsupported` (refused when present), `ignored` (accepted, without
 * effect) or `rename` (the model wants another name). Values are JSON texts.
 */
export type ParameterRule = {
  /** JSON texts by path of the body; `null` is also a field that is absent. The first rule that holds is the rule. */
  readonly when?: Readonly<Record<string, readonly string[]>>
  readonly free?: true
  readonly fixed?: string
  readonly min?: number
  readonly max?: number
  readonly choices?: readonly string[]
  readonly instead?: string
  readonly unsupported?: true
  readonly ignored?: true
  readonly rename?: string
}

/** Rules by parameter, in the order in which they are tried. */
export type ParameterRules = Readonly<Record<string, readonly ParameterRule[]>>
