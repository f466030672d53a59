/** A button that opens what a row is about; its name holds what is seen and what it does. */

type Props = { readonly text: string; readonly does: string; readonly onOpen: () => void }

export const RowLink = ({ text, does, onOpen }: Props) => (
  <button type="button" className="row-link" onClick={onOpen}>
    {text}
    <span className="hidden-text"> {does}</span>
  </button>
)
