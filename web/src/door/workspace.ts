// A workspace's host is a subdomain and a domain. Both come from people here, so both are judged before they become an
// address.

const label = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/

export function subdomain(text: string): string | undefined {
  const s = text.trim().toLowerCase()
  return s.length >= 3 && s.length <= 40 && label.test(s) && !s.includes('--') ? s : undefined
}

export function domain(text: string): string | undefined {
  const s = text.trim().toLowerCase().replace(/^https:\/\//, '').replace(/\/$/, '')
  const [host = '', port, ...rest] = s.split(':')
  if (rest.length > 0 || host.length > 253 || !host.split('.').every((l) => l.length <= 63 && label.test(l))) return undefined
  if (!host.includes('.')) return undefined
  if (port !== undefined && (!/^[1-9][0-9]{0,4}$/.test(port) || Number(port) > 65_535)) return undefined
  return s
}

/** The start of a subdomain out of a company's name. */
export function suggested(company: string): string {
  return company
    .normalize('NFKD')
    .toLowerCase()
    .replace(/ß/g, 'ss')
    .replace(/[\u0300-\u036f']/g, '')
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '')
}

/** The sign-in page of a new workspace, if the address that the server gave is one below this domain. */
export function signinOf(url: string, here: Pick<Location, 'protocol' | 'hostname'> = location): string | undefined {
  try {
    const to = new URL(url)
    return to.protocol === here.protocol && to.hostname.endsWith(`.${here.hostname}`) && to.username === '' ? `${to.origin}/signin` : undefined
  } catch {
    return undefined
  }
}
