/** A rule that is broken, in a file that is known. */
export type Finding = { readonly line: number; readonly rule: string; readonly message: string }

/** A rule that is broken, and where. */
export type Violation = Finding & { readonly path: string }
