//! Which record a row means: by id, by e-mail address, by name and company.

use harness::on_each_database;
use harness::site::Site;
use serde_json::{Value, json};

use super::{POLICIES, create_person, everything, ids, notes, people, stray, summary, take, transactions};

on_each_database! {
    async fn a_row_means_the_record_with_its_id_whatever_else_it_says(site: Site) {
        let client = site.client().await;
        take(&client, "people", "ignore", "name,email\nAda,ada@e.example\nBob,bob@e.example\n").await;
        let ada = &ids(&client, "people").await[0];
        let file = format!("id,name,email\n{ada},Bob,bob@e.example\n");
        assert_eq!(take(&client, "people", "replace", &file).await, "1 updated");
        let bob = json!({ "name": "Bob", "email": "bob@e.example" });
        assert_eq!(people(&client).await, [bob.clone(), bob]);
    }

    async fn a_row_means_the_record_with_its_e_mail_whatever_case_and_accents(site: Site) {
        let client = site.client().await;
        take(&client, "people", "ignore", "name,email\nZoë,zoë@exämple.com\nBob,bob@example.com\n").await;
        let file = "name,email,title\nSomebody Else,ZOE@Example.COM,CEO\n";
        assert_eq!(take(&client, "people", "merge", file).await, "1 updated");
        assert_eq!(people(&client).await[0], json!({ "name": "Zoë", "email": "zoë@exämple.com", "title": "CEO" }));
    }

    async fn of_people_with_one_e_mail_the_one_with_the_name_and_the_company_is_meant(site: Site) {
        let client = site.client().await;
        for (name, company) in [("Ann", "One"), ("Bob", "One"), ("Bob", "Two")] {
            create_person(&client, json!({ "name": name, "company": company, "email": "info@e.example" })).await;
        }
        let file = "name,company,email,title\nBOB,two,info@e.example,Second\nNew,,info@e.example,First\n";
        assert_eq!(take(&client, "people", "merge", file).await, "2 updated");
        let titles: Vec<_> = people(&client).await.iter().map(|person| person["title"].clone()).collect();
        assert_eq!(titles, [json!("First"), Value::Null, json!("Second")]);
    }

    async fn name_and_company_count_only_where_the_row_or_the_record_has_no_e_mail(site: Site) {
        let client = site.client().await;
        for (there, row, outcome) in [
            ("Ann,Acme,", " ÄNN ,ACME,ann@e.example", "1 skipped"),
            ("Bob,Acme,bob@e.example", "Bob,Acme,", "1 unchanged"),
            ("Cyd,Acme,", "Cyd,Acme,", "1 unchanged"),
            ("Dee,Acme,dee@e.example", "Dee,Acme,other@e.example", "1 created"),
            ("Eve,Acme,", "Eve,,", "1 created"),
            (",Fay Ltd,", ",Fay LTD,fay@e.example", "1 skipped"),
        ] {
            let file = |row| format!("name,company,email\n{row}\n");
            assert_eq!(take(&client, "people", "ignore", &file(there)).await, "1 created", "{there}");
            assert_eq!(take(&client, "people", "ignore", &file(row)).await, outcome, "{there} and {row}");
        }
    }

    async fn rows_with_neither_name_nor_company_nor_e_mail_are_no_duplicates(site: Site) {
        let client = site.client().await;
        assert_eq!(take(&client, "people", "ignore", "name,phone\n,1\n,2\n").await, "2 created");
    }

    async fn rows_with_different_ids_are_no_duplicates_of_each_other(site: Site) {
        let client = site.client().await;
        let file = format!("id,name,email\n{},Ann,a@e.example\n{},Ann,a@e.example\n", stray("person"), stray("person"));
        assert_eq!(take(&client, "people", "ignore", &file).await, "2 created");
        assert_eq!(take(&client, "people", "replace", &file).await, "2 unchanged");
    }

    async fn a_row_means_its_live_id_even_where_a_row_with_another_id_came_first(site: Site) {
        let client = site.client().await;
        take(&client, "people", "ignore", "name,email\nAnn,a@e.example\n").await;
        let ann = &ids(&client, "people").await[0];
        let file = format!("id,name,email,title\n{},Ann,a@e.example,First\n{ann},Ann,a@e.example,Own\n", stray("person"));
        assert_eq!(take(&client, "people", "replace", &file).await, "2 updated");
        assert_eq!(people(&client).await, [json!({ "name": "Ann", "email": "a@e.example", "title": "Own" })]);
    }

    async fn the_first_row_of_a_file_wins_and_later_ones_say_which_they_repeat(site: Site) {
        let client = site.client().await;
        take(&client, "people", "ignore", "name\nKnown\n").await;
        let known = ids(&client, "people").await.remove(0);
        let file = format!(
            "id,name,email,title\n{known},Known,,First\n,Ann,a@e.example,First\n,Ann,,Second\n,X,A@e.example,Third\n\
             {known},Known,,Second\n,Known,,Third\n"
        );
        let receipt = client.import("/import/people?format=csv&duplicates=replace", file).await;
        assert_eq!(summary(&receipt), "1 created, 1 updated, 4 skipped");
        assert_eq!(
            notes(&receipt["skips"]),
            [
                "3, 4: it repeats row 2: the same name and company",
                "4, 5: it repeats row 2: the same e-mail address",
                "5, 6: it repeats row 1: the same id",
                "6, 7: it repeats row 1: the same name and company",
            ]
        );
        let titles: Vec<_> = people(&client).await.iter().map(|person| person["title"].clone()).collect();
        assert_eq!(titles, ["First", "First"]);
    }

    async fn a_row_meets_what_the_rows_before_it_made_of_a_record(site: Site) {
        let client = site.client().await;
        take(&client, "people", "ignore", "name,email\nAnn,old@e.example\n").await;
        let ann = &ids(&client, "people").await[0];
        let file = format!("id,name,email\n{ann},Ann,new@e.example\n,Bob,NEW@e.example\n,Cyd,old@e.example\n");
        assert_eq!(take(&client, "people", "replace", &file).await, "1 created, 1 updated, 1 skipped");
        assert_eq!(
            people(&client).await,
            [json!({ "name": "Ann", "email": "new@e.example" }), json!({ "name": "Cyd", "email": "old@e.example" })]
        );
    }

    async fn an_id_that_is_not_there_is_ignored(site: Site) {
        let client = site.client().await;
        take(&client, "people", "ignore", "name,email\nAnn,a@e.example\n").await;
        let person = ids(&client, "people").await.remove(0);
        let of_another_kind = person.replace("person_", "category_");
        for id in [stray("person"), stray("transaction"), of_another_kind, "4711".to_owned(), "x_y".to_owned()] {
            let file = format!("id,name,email\n{id},Ann,a@e.example\n");
            assert_eq!(take(&client, "people", "replace", &file).await, "1 unchanged", "{id}");
        }
    }

    async fn an_id_of_another_account_is_ignored_and_that_account_is_untouched(site: Site) {
        site.account("beta", "UTC").await;
        let (acme, beta) = (site.client().await, site.client_of("admin@beta.example").await);
        take(&beta, "leads", "ignore", "name,email,value\nAnn,a@e.example,5\n").await;
        let before = everything(&beta).await;
        let (person, lead) = (&ids(&beta, "people").await[0], &ids(&beta, "leads").await[0]);
        let of_person = format!("id,name,email,title,categories\n{person},Bob,b@e.example,CEO,X\n");
        let of_lead =
            format!("id,personId,name,email,value,categories\n{lead},{person},Bob,b@e.example,7,X\n");
        for policy in POLICIES {
            take(&acme, "people", policy, &of_person).await;
            take(&acme, "leads", policy, &of_lead).await;
        }
        assert_eq!(everything(&beta).await, before);
        assert_eq!(people(&acme).await.len(), 1);
        assert_eq!(transactions(&acme, "LEAD").await.len(), 1);
        assert_ne!(&ids(&acme, "people").await[0], person);
        assert_ne!(&ids(&acme, "leads").await[0], lead);
    }
}
