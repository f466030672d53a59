/** Text in HTML and SVG. */

/** What would be markup becomes a reference to its character. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`)
