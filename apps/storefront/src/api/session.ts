import { computed, ref } from 'vue';
import { claimsOf } from './token.js';

/** Kept for this tab alone, and gone with it: never in a cookie, never on disk for the next visitor. */
const KEY = 'desk.token';

const token = ref(sessionStorage.getItem(KEY));

/** Who is signed in, and why nobody is. */
export const session = {
  token,
  claims: computed(() => (token.value === null ? null : claimsOf(token.value))),
  /** Said on the page for signing in. */
  notice: ref(''),

  begin(newToken: string): void {
    sessionStorage.setItem(KEY, newToken);
    token.value = newToken;
    session.notice.value = '';
  },

  end(notice = ''): void {
    sessionStorage.removeItem(KEY);
    token.value = null;
    session.notice.value = notice;
  },
};
