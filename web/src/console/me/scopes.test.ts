import { describe, expect, it } from 'vitest'
import { byFeature, networks } from './scopes'

describe('scopes of a token', () => {
  it('stand under their feature', () => {
    const acts = [{ name: 'staff.view', feature: 'Staff', verb: 'View' }, { name: 'chat.post', feature: 'Chat', verb: 'Use' }, { name: 'chat.close', feature: 'Chat', verb: 'Edit' }]
    expect(byFeature(acts).map(({ feature, items }) => [feature, items.map((one) => one.name)])).toEqual([['Chat', ['chat.close', 'chat.post']], ['Staff', ['staff.view']]])
  })
  it('take networks as people write them', () => {
    expect(networks('192.0.2.0/24\n 2001:db8::/32 , 198.51.100.7-198.51.100.9;\n\n')).toEqual(['192.0.2.0/24', '2001:db8::/32', '198.51.100.7-198.51.100.9'])
    expect(networks('  ')).toEqual([])
  })
})
