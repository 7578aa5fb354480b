import { setNonce } from 'get-nonce'

/** The nonce of this answer, put into the page by the server. Styles without it are refused by the policy. */
export function nonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? ''
}

interface TrustedTypes {
  createPolicy(name: string, rules: { createHTML: (text: string) => string | null }): unknown
}

/**
 * Installs what the content policy asks of a page, once and before the first render. The default Trusted Types policy
 * lets through only strings that cannot hold an element (Mantine writes its style sheets through innerHTML), so that
 * markup from anywhere, however it came, is refused by the browser (ASVS 3.4.3; DESIGN section 15).
 */
export function guardPage(): void {
  setNonce(nonce())
  const types = (window as { trustedTypes?: TrustedTypes }).trustedTypes
  types?.createPolicy('default', { createHTML: (text) => (text.includes('<') ? null : text) })
}
