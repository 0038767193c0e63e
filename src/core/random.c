/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "core/random.h"

/* Any candidate, each as likely as the next. */
struct _DispRandom
{
  GObject parent_instance;
};

static guint
random_select (G_GNUC_UNUSED DispPolicy *policy, G_GNUC_UNUSED DispContainer *const *candidates,
               guint n_candidates, G_GNUC_UNUSED const DispRequest *request, GRand *random)
{
  return (guint) g_rand_int_range (random, 0, (gint32) n_candidates);
}

static void
random_iface_init (DispPolicyInterface *iface)
{
  iface->select = random_select;
}

G_DEFINE_FINAL_TYPE_WITH_CODE (DispRandom, disp_random, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (DISP_TYPE_POLICY, random_iface_init))

static void
disp_random_class_init (G_GNUC_UNUSED DispRandomClass *klass)
{
}

static void
disp_random_init (G_GNUC_UNUSED DispRandom *self)
{
}

/**
 * disp_random_new:
 *
 * Returns: (transfer full): the policy "random"
 */
DispPolicy *
disp_random_new (void)
{
  return g_object_new (DISP_TYPE_RANDOM, NULL);
}
