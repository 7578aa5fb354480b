/** What the button says. */
export const words = {
  open: (unread: number) => (unread === 0 ? 'Open the chat' : `Open the chat, ${unread} unread ${unread === 1 ? 'message' : 'messages'}`),
  close: 'Close the chat',
  notLoaded: 'The chat could not be loaded. Please check your connection and press again.',
}
