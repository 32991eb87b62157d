import { computed, ref, type Component } from 'vue';
import AbandonmentView from './AbandonmentView.vue';
import CartView from './CartView.vue';
import DeadLettersView from './DeadLettersView.vue';
import FlowView from './FlowView.vue';
import LimitsView from './LimitsView.vue';
import RunsView from './RunsView.vue';

interface View {
  name: string;
  title: string;
  component: Component;
}

export const VIEWS: readonly [View, ...View[]] = [
  { name: 'flow', title: 'Redis to MySQL', component: FlowView },
  { name: 'cart', title: 'A cart', component: CartView },
  { name: 'runs', title: 'Runs', component: RunsView },
  { name: 'dead-letters', title: 'Dead letters', component: DeadLettersView },
  { name: 'limits', title: 'Limits', component: LimitsView },
  { name: 'abandonment', title: 'Left unpaid', component: AbandonmentView },
];

/** Where the operator is: `#cart/42` shows the view `cart` with `42`. A link to it can be passed on. */
const hash = ref(location.hash);
addEventListener('hashchange', () => (hash.value = location.hash));

export const place = computed(() => {
  const [name = '', detail = ''] = hash.value.replace(/^#/, '').split('/');
  return { view: VIEWS.find((view) => view.name === name) ?? VIEWS[0], detail: decodeURIComponent(detail) };
});
