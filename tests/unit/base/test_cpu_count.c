/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of counting processors: cgroup files of both versions under a root of the test's own, and the affinity. */
#define _GNU_SOURCE /* sched_setaffinity, nftw */
#include "base/platform.h"
#include "base/random.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define V2_MOUNT "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"
#define V1_MOUNT "32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"

static char root[] = "/tmp/gr_cpu_count_XXXXXX";

static void make_root(void)
{
    cr_assert_not_null(mkdtemp(root));
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    return remove(path);
}

static void remove_root(void)
{
    nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Writes a file under the root, with the folders that it needs. */
static void put_bytes(const char *path, const void *bytes, size_t length)
{
    char name[PATH_MAX];
    snprintf(name, sizeof name, "%s%s", root, path);
    for (char *p = name + strlen(root) + 1; (p = strchr(p, '/')) != NULL; p++) {
        *p = '\0';
        mkdir(name, 0700);
        *p = '/';
    }
    FILE *file = fopen(name, "w");
    cr_assert_not_null(file, "%s", name);
    cr_assert_eq(fwrite(bytes, 1, length, file), length);
    cr_assert_eq(fclose(file), 0);
}

static void put(const char *path, const char *text)
{
    put_bytes(path, text, strlen(text));
}

static void put_v2(const char *group, const char *max)
{
    char path[256];
    snprintf(path, sizeof path, "/sys/fs/cgroup%s/cpu.max", group);
    put(path, max);
}

static void put_v1(const char *group, const char *quota, const char *period)
{
    char path[256];
    snprintf(path, sizeof path, "/sys/fs/cgroup/cpu,cpuacct%s/cpu.cfs_quota_us", group);
    put(path, quota);
    snprintf(path, sizeof path, "/sys/fs/cgroup/cpu,cpuacct%s/cpu.cfs_period_us", group);
    put(path, period);
}

TestSuite(cpu_count, .init = make_root, .fini = remove_root);

Test(cpu_count, without_files_there_is_no_quota)
{
    cr_assert_eq(gri_cpu_quota(root), 0);
    cr_assert_eq(gri_cpu_quota("/no/such/folder"), 0);
}

Test(cpu_count, mounts_without_a_cgroup_of_ours_are_no_quota)
{
    put("/proc/self/mountinfo", V2_MOUNT V1_MOUNT);
    put_v2("", "100000 100000\n");
    cr_assert_eq(gri_cpu_quota(root), 0);
    put("/proc/self/cgroup", "3:memory:/a\n");
    cr_assert_eq(gri_cpu_quota(root), 0);
}

Test(cpu_count, a_v2_quota_is_rounded_up)
{
    static const struct {
        const char *max; /* of cpu.max */
        int count;       /* of processors */
    } cases[] = {
        {"200000 100000\n", 2},
        {"150000 100000\n", 2},
        {"100001 100000\n", 2},
        {"100000 100000\n", 1},
        {"1000 100000\n", 1},
        {"max 100000\n", 0},
        {"max\n", 0},
        {"400000 100000", 4},
        {"", 0},
        {"200000\n", 0},
        {"-1 100000\n", 0},
        {"0 100000\n", 0},
        {"100000 0\n", 0},
        {"100000 -5\n", 0},
        {"rubbish 100000\n", 0},
        {"\n200000 100000\n", 0},
        {"50000 10000 9\n", 5},
        {"999999999999999999 1\n", INT_MAX},
        {"99999999999999999999999 1\n", INT_MAX},
    };
    put("/proc/self/mountinfo", V2_MOUNT);
    put("/proc/self/cgroup", "0::/a\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        put_v2("/a", cases[i].max);
        cr_assert_eq(gri_cpu_quota(root), cases[i].count, "%s gives %d", cases[i].max, gri_cpu_quota(root));
    }
}

Test(cpu_count, the_smallest_v2_quota_of_the_groups_above_counts)
{
    put("/proc/self/mountinfo", V2_MOUNT);
    put("/proc/self/cgroup", "0::/a/b/c\n");
    put_v2("/a/b/c", "800000 100000\n");
    cr_assert_eq(gri_cpu_quota(root), 8);
    put_v2("/a", "300000 100000\n");
    cr_assert_eq(gri_cpu_quota(root), 3);
    put_v2("/a/b", "max 100000\n");
    cr_assert_eq(gri_cpu_quota(root), 3);
    put_v2("", "200000 100000\n"); /* a container sees its own group as the top */
    cr_assert_eq(gri_cpu_quota(root), 2);
    put_v2("/other", "100000 100000\n");
    cr_assert_eq(gri_cpu_quota(root), 2);
}

Test(cpu_count, a_v1_quota_is_rounded_up_and_minus_one_is_none)
{
    put("/proc/self/mountinfo", V1_MOUNT);
    put("/proc/self/cgroup", "4:cpuset:/x\n3:cpu,cpuacct:/a\n0::/\n");
    put_v1("/a", "250000\n", "100000\n");
    cr_assert_eq(gri_cpu_quota(root), 3);
    put_v1("/a", "-1\n", "100000\n");
    cr_assert_eq(gri_cpu_quota(root), 0);
    put_v1("", "600000\n", "100000\n");
    cr_assert_eq(gri_cpu_quota(root), 6);
    put_v1("/a", "rubbish\n", "100000\n");
    cr_assert_eq(gri_cpu_quota(root), 6);
    put_v1("/a", "500000\n", "");
    cr_assert_eq(gri_cpu_quota(root), 6);
    put_v1("/a", "500000\n", "0\n");
    cr_assert_eq(gri_cpu_quota(root), 6);
}

Test(cpu_count, a_v1_controller_whose_name_only_starts_with_cpu_is_another)
{
    put("/proc/self/mountinfo", "33 31 0:30 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct\n"
                                "34 31 0:31 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n");
    put("/proc/self/cgroup", "3:cpuset:/\n2:cpuacct:/\n1:cpu:/\n");
    put("/sys/fs/cgroup/cpuacct/cpu.cfs_quota_us", "100000\n");
    put("/sys/fs/cgroup/cpuacct/cpu.cfs_period_us", "100000\n");
    cr_assert_eq(gri_cpu_quota(root), 0);
    put("/proc/self/mountinfo", "33 31 0:30 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct,cpu\n");
    cr_assert_eq(gri_cpu_quota(root), 1);
}

Test(cpu_count, where_both_versions_are_mounted_the_smaller_quota_counts)
{
    put("/proc/self/mountinfo", "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n" V1_MOUNT
                                "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
    put("/proc/self/cgroup", "1:cpu,cpuacct:/a\n0::/b\n");
    put_v1("/a", "500000\n", "100000\n");
    cr_assert_eq(gri_cpu_quota(root), 5);
    put("/sys/fs/cgroup/unified/b/cpu.max", "400000 100000\n");
    cr_assert_eq(gri_cpu_quota(root), 4);
    put_v1("/a", "300000\n", "100000\n");
    cr_assert_eq(gri_cpu_quota(root), 3);
}

Test(cpu_count, a_mount_of_a_part_of_the_hierarchy_is_entered_below_that_part)
{
    put("/proc/self/mountinfo", "30 23 0:26 /docker/ab /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n");
    put("/proc/self/cgroup", "0::/docker/ab/inner\n");
    put_v2("/inner", "700000 100000\n");
    cr_assert_eq(gri_cpu_quota(root), 7);
    put("/proc/self/cgroup", "0::/docker/ab\n");
    put_v2("", "600000 100000\n");
    cr_assert_eq(gri_cpu_quota(root), 6);
}

Test(cpu_count, a_group_beside_the_mounted_part_reads_its_top)
{
    static const char *const groups[] = {"0::/docker/abc\n", "0::/elsewhere\n", "0::/../../x\n", "0::/\n"};
    put("/proc/self/mountinfo", "30 23 0:26 /docker/ab /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n");
    put_v2("", "600000 100000\n");
    put_v2("/c", "100000 100000\n");
    put("/sys/x/cpu.max", "100000 100000\n");
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        put("/proc/self/cgroup", groups[i]);
        cr_assert_eq(gri_cpu_quota(root), 6, "%s", groups[i]);
    }
}

Test(cpu_count, a_path_that_leads_out_of_the_mount_is_not_followed)
{
    put("/proc/self/mountinfo", V2_MOUNT);
    put("/proc/self/cgroup", "0::/../x\n");
    put("/sys/fs/x/cpu.max", "100000 100000\n");
    cr_assert_eq(gri_cpu_quota(root), 0);
}

Test(cpu_count, blanks_in_names_are_unescaped)
{
    put("/proc/self/mountinfo", "30 23 0:26 / /my\\040groups\\134x rw - cgroup2 cgroup2 rw\n");
    put("/proc/self/cgroup", "0::/a b:c\n");
    put("/my groups\\x/a b:c/cpu.max", "300000 100000\n");
    cr_assert_eq(gri_cpu_quota(root), 3);
}

Test(cpu_count, malformed_and_overlong_lines_are_passed_over)
{
    static char text[3 * 4096];
    size_t length = 0;
    memset(text, 'x', sizeof text);
    length = 4095; /* the longest line that is read */
    text[length++] = '\n';
    length += 4096; /* the shortest that is not */
    text[length++] = '\n';
    length += (size_t)snprintf(text + length, sizeof text - length,
                               "\n - \n30 23 0:26 / - cgroup2 cgroup2 rw\n30 23 0:26 / /m rw - cgroup2\n"
                               "30 23 0:26 / /m rw - \n30 23 0:26 / /m rw cgroup2 cgroup2 rw\n" V2_MOUNT);
    put_bytes("/proc/self/mountinfo", text, length);
    put("/proc/self/cgroup", "\nrubbish\n0:\n:::::\n0::/a"); /* no end of line */
    put_v2("/a", "300000 100000\n");
    cr_assert_eq(gri_cpu_quota(root), 3);
}

Test(cpu_count, random_damage_to_the_files_is_survived)
{
    static const char mounts[] = V2_MOUNT V1_MOUNT, groups[] = "1:cpu,cpuacct:/a\n0::/b\n";
    struct gri_random random;
    gri_random_seed(&random, 11);
    put_v1("/a", "500000\n", "100000\n");
    put_v2("/b", "300000 100000\n");
    for (int round = 0; round < 300; round++) {
        char a[sizeof mounts], b[sizeof groups];
        memcpy(a, mounts, sizeof a);
        memcpy(b, groups, sizeof b);
        for (uint64_t i = gri_random_below(&random, 4); i > 0; i--) {
            static const char damage[] = " -:/,\n\\0c.";
            a[gri_random_below(&random, sizeof a)] = damage[gri_random_below(&random, sizeof damage)];
            b[gri_random_below(&random, sizeof b)] = damage[gri_random_below(&random, sizeof damage)];
        }
        put_bytes("/proc/self/mountinfo", a, gri_random_below(&random, sizeof a));
        put_bytes("/proc/self/cgroup", b, gri_random_below(&random, sizeof b));
        int quota = gri_cpu_quota(root);
        cr_assert(quota == 0 || quota == 3 || quota == 5, "round %d: %d", round, quota);
    }
}

Test(cpu_count, the_count_is_that_of_the_affinity_at_most_and_at_least_one)
{
    cpu_set_t set;
    cr_assert_eq(sched_getaffinity(0, sizeof set, &set), 0);
    int before = gri_cpu_count();
    cr_assert_geq(before, 1);
    cr_assert_leq(before, CPU_COUNT(&set));
    for (int cpu = 0, kept = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &set) && kept++) CPU_CLR(cpu, &set);
    cr_assert_eq(sched_setaffinity(0, sizeof set, &set), 0);
    cr_assert_eq(gri_cpu_count(), 1);
}
