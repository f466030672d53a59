/** A QR code as a picture: the address of the image holds it, nothing is put into the page as markup. */

import { renderSVG } from 'uqr'

export const QrCode = ({ content, label }: { readonly content: string; readonly label: string }) => (
  <img
    className="qr"
    width="200"
    height="200"
    alt={label}
    src={`data:image/svg+xml,${encodeURIComponent(renderSVG(content, { border: 2 }))}`}
  />
)
