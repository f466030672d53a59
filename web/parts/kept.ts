/** What this browser keeps for a person between visits: a few short texts, never anything secret. */

/** What is kept under a name; `null` = nothing is, or the browser keeps nothing for us. */
export const kept = (name: string): string | null => {
  try {
    return window.localStorage.getItem(`drover.${name}`)
  } catch {
    // A browser that keeps nothing for us: the defaults hold.
    return null
  }
}

/** Keeps a text under a name, where the browser lets us. */
export const keep = (name: string, value: string): void => {
  try {
    window.localStorage.setItem(`drover.${name}`, value)
  } catch (error) {
    console.warn('the browser keeps no preferences', error)
  }
}
