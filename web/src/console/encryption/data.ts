import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useCallback } from 'react'
import { api, type Encryption, type KeyServer, take } from '~/api'

const key = ['encryption']

/** Looks again while something moves: often while keys are wrapped, now and then while the end is awaited or the server is away. */
function pace(data: Encryption | undefined): number | false {
  if (!data) return false
  if (data.behind > 0) return 1_500
  return data.state !== 'confirmed' || data.works?.some((work) => work.state === 'running') ? 10_000 : false
}

export function useEncryption() {
  return useQuery({ queryKey: key, queryFn: () => take(api.GET('/api/v1/encryption')), refetchInterval: ({ state }) => pace(state.data) })
}

export function usePutEncryption(): (now: Encryption) => void {
  const client = useQueryClient()
  return useCallback((now: Encryption) => { client.setQueryData(key, now) }, [client])
}

/** What stands now, in the form in which it is sent back. Secrets are left out, which keeps those that are stored. */
export function asSettings({ server, grace_seconds, rotate_days }: Encryption) {
  return { grace_seconds, rotate_days, ...(server ? { server } : {}) }
}

/** What the form of a key server holds. */
export interface ServerForm {
  address: string
  namespace: string
  mount: string
  key: string
  ca: string
  way: 'role' | 'certificate'
  auth_mount: string
  role_id: string
  secret_id: string
  certificate: string
  certificate_key: string
  grace: number | ''
}

export function formOf({ server, grace_seconds }: Encryption): ServerForm {
  return {
    address: server?.address ?? '', namespace: server?.namespace ?? '', mount: server?.mount ?? 'transit', key: server?.key ?? '', ca: server?.ca ?? '',
    way: server?.certificate ? 'certificate' : 'role', auth_mount: server?.auth_mount ?? '', role_id: server?.role_id ?? '', secret_id: '',
    certificate: server?.certificate ?? '', certificate_key: '', grace: server ? grace_seconds / 60 : 10,
  }
}

/** The server's own rule: a stored secret goes to the address, and serves the role, that it was given for. */
export function keeps(before: Encryption['server'], form: ServerForm): boolean {
  if (!before || before.address !== form.address.trim()) return false
  return form.way === 'role' ? !!before.role_id && before.role_id === form.role_id.trim() : !!before.certificate
}

export function serverOf(form: ServerForm): KeyServer {
  const text = (value: string) => value.trim()
  const some = <K extends string>(name: K, value: string) => (value === '' ? {} : ({ [name]: value } as Record<K, string>))
  return {
    address: text(form.address), mount: text(form.mount), key: text(form.key),
    ...some('namespace', text(form.namespace)), ...some('ca', form.ca), ...some('auth_mount', text(form.auth_mount)),
    ...(form.way === 'role'
      ? { ...some('role_id', text(form.role_id)), ...some('secret_id', form.secret_id) }
      : { ...some('certificate', form.certificate), ...some('certificate_key', form.certificate_key) }),
  }
}
